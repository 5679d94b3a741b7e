import { rollOf } from "../world/random.ts";
import { uuidOf } from "./ids.ts";
import type { DataSource, Page } from "./model.ts";
import type { QueuedEvent } from "./webhook-state.ts";
import { accessOf, dataSourceOf, type World } from "./world.ts";

/** How late an event comes that is to arrive out of order, in world milliseconds. */
const DISORDER_MS_MAX = 300_000;

/** Pairs that leave nothing to tell if the second comes while the first waits. Source: vendor docs, "Event types & delivery". */
const UNDONE_BY: Readonly<Record<string, string>> = {
  "page.deleted": "page.created",
  "page.undeleted": "page.deleted",
};

/** Queue the events of a change to a page. @param before null for a page that was made */
export function announceChange(
  world: World,
  before: Page | null,
  after: Page,
  { change, propertyIds }: { change: { by: string; atMs: number }; propertyIds: readonly string[] },
): void {
  if (accessOf(world, after) === "none") return;
  const dataSource = dataSourceOf(world, after);
  const tell = (type: string, updated?: readonly unknown[]): void =>
    queue(world, { type, change, dataSource, entity: { id: after.id, type: "page" }, updated });
  if (before === null) return tell("page.created");
  if (before.dataSourceId !== after.dataSourceId) tell("page.moved");
  if (before.isTrashed !== after.isTrashed) tell(after.isTrashed ? "page.deleted" : "page.undeleted");
  if (before.isLocked !== after.isLocked) tell(after.isLocked ? "page.locked" : "page.unlocked");
  if (propertyIds.length > 0) tell("page.properties_updated", propertyIds);
}

/** What happened to a property of a schema. */
export type SchemaUpdate = {
  readonly id: string;
  readonly name: string;
  readonly action: "created" | "updated" | "deleted";
};

/** Queue the event of a change to a schema. */
export function announceSchema(
  world: World,
  dataSource: DataSource,
  change: { by: string; atMs: number },
  updated: readonly SchemaUpdate[],
): void {
  const entity = { id: dataSource.id, type: "data_source" } as const;
  queue(world, { type: "data_source.schema_updated", change, dataSource, entity, updated });
}

type Announced = {
  type: string;
  change: { by: string; atMs: number };
  dataSource: DataSource;
  entity: QueuedEvent["entity"];
  updated?: readonly unknown[] | undefined;
};

function queue(world: World, { type, change, dataSource, entity, updated }: Announced): void {
  const { webhooks, seed } = world.state;
  if (webhooks.url === null || !webhooks.isVerified) return;
  const waiting = webhooks.queue.find(
    (event) =>
      event.type === type && event.entity.id === entity.id && event.attempt === 1 && updated !== undefined,
  );
  if (waiting) {
    const merged = {
      ...waiting,
      updated: union(waiting.updated, updated),
      authorIds: union(waiting.authorIds, [change.by]),
    };
    setQueue(
      world,
      webhooks.queue.map((event) => (event === waiting ? merged : event)),
    );
    return;
  }
  const undone = webhooks.queue.find(
    (event) => event.type === UNDONE_BY[type] && event.entity.id === entity.id && event.attempt === 1,
  );
  if (undone) {
    const isMade = undone.type === "page.created";
    const rest = webhooks.queue.filter(
      (event) => event !== undone && !(isMade && event.entity.id === entity.id),
    );
    setQueue(world, rest);
    return;
  }
  const eventCount = webhooks.eventCount + 1;
  const roll = (what: string): number => rollOf(seed, `${what} of event ${eventCount}`);
  world.state.webhooks = { ...webhooks, eventCount };
  if (roll("loss") < webhooks.loss) return;
  const lateMs = roll("disorder") < webhooks.disorder ? Math.floor(roll("lateness") * DISORDER_MS_MAX) : 0;
  const event: QueuedEvent = {
    id: uuidOf(seed, `event ${eventCount}`),
    type,
    atMs: change.atMs,
    dueMs: change.atMs + webhooks.aggregationMs + lateMs,
    attempt: 1,
    entity,
    dataSourceId: dataSource.id,
    databaseId: dataSource.databaseId,
    authorIds: [change.by],
    isCopy: false,
    ...(updated ? { updated } : {}),
  };
  setQueue(world, [...webhooks.queue, event]);
}

function setQueue(world: World, queue: readonly QueuedEvent[]): void {
  world.state.webhooks = { ...world.state.webhooks, queue };
}

function union<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): readonly T[] {
  const texts = new Map([...(a ?? []), ...(b ?? [])].map((item) => [JSON.stringify(item), item]));
  return [...texts.values()];
}
