import { createNotionEmulator, type NotionEmulator } from "../../emulators/notion/emulator.ts";
import { NOTION_DEMO_TOKEN } from "../../emulators/notion/keys.ts";
import type { NotionSeed } from "../../emulators/notion/seed.ts";
import type { D1Emulator } from "../../emulators/d1/d1-database.ts";
import type { Deliver } from "../../emulators/world/deliver.ts";
import { createRandom, type Random } from "../../emulators/world/random.ts";
import { createNotionTables } from "../../src/adapters/notion/tables.ts";
import { USUAL_SETTINGS } from "../../src/core/config.ts";
import type { NotionSetup } from "../../src/ports/ports.ts";
import type { World } from "../../src/ports/world.ts";
import { fightContent } from "../fight/content.ts";
import type { Sides } from "../fight/laws.ts";
import { peopleOf } from "../fight/people.ts";
import { noTypedValues, type TypedValues } from "../fight/typed.ts";
import type { Life } from "./life.ts";
import { MAIL_MARK } from "./meetings.ts";
import type { Scenario } from "./scenario.ts";
import type { NotionScenario } from "./scenario-parts.ts";
import { aborting } from "./source-door.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Notion's own limit of a request: what takes longer was not carried out. Source: docs/vendors/notion.md. */
const REQUEST_MS_MAX = 60_000;

type Given = {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly d1: D1Emulator;
  readonly deliver: Deliver | null;
};

/** An emulated Notion, the people who work in it and in D1, and the way there: `fetch` without a socket. */
export class NotionSide {
  readonly emulator: NotionEmulator;
  readonly typed: TypedValues = noTypedValues();
  readonly people: ReturnType<typeof peopleOf>;
  /** What the laws look at. */
  readonly sides: Sides;
  /** When calls of killed processes arrived: they were sent in time, and nobody can call them back. */
  readonly lateCallsMs = new Set<number>();
  readonly #clock: VirtualClock;
  readonly #typing: Random;
  #typingShare: number;
  #token = NOTION_DEMO_TOKEN;

  constructor(emulator: NotionEmulator, part: NotionScenario, { scenario, clock, d1 }: Given) {
    this.emulator = emulator;
    this.#clock = clock;
    const rows = async <T = Record<string, unknown>>(sql: string): Promise<T[]> =>
      (await d1.prepare(sql).all<T>()).results;
    this.sides = { notion: emulator, rows };
    const meeting = { notion: emulator, d1, rows, world: { nowMs: () => clock.nowMs() } };
    this.people = peopleOf(meeting, createRandom(scenario.seed, "moves"), this.typed);
    this.#typing = createRandom(scenario.seed, "typing");
    this.#typingShare = part.typing;
  }

  /** From now on nobody types, and nothing fails. */
  calmDown(): void {
    this.#typingShare = 0;
    this.emulator.control({ op: "fault", plan: "none", clear: true });
  }

  /** The token is refused. */
  revoke(): void {
    this.emulator.control({ op: "remove-token" });
  }

  /** A token works again. */
  give(token: string): void {
    this.#token = token;
    this.emulator.control({ op: "rotate-token", token });
  }

  /** The token in the settings of the program. */
  get token(): string {
    return this.#token;
  }

  /** Notion as one life is set up with it. */
  async setupOf(life: Life, world: World): Promise<NotionSetup> {
    const idOf = (key: string): string =>
      this.emulator.databases().find((one) => one.key === key)?.databaseId ?? "";
    return {
      tables: await createNotionTables({
        url: "https://api.notion.com",
        token: this.#token,
        fetch: (request) => this.#fetch(life, request),
        world,
      }),
      databases: { projects: idOf("projects"), clients: idOf("clients") },
      settings: USUAL_SETTINGS.tables,
      mayWrite: true,
      country: "US",
    };
  }

  #fetch(life: Life, request: Request): Promise<Response> {
    const clock = this.#clock;
    const sentMs = clock.nowMs();
    const place = request.method === "GET" || request.url.endsWith("/query") ? "notion.read" : "notion.write";
    const sent = life.pass(place, async () => {
      // Whoever gave up waiting for a slow connection has not sent anything.
      if (request.signal.aborted) throw request.signal.reason;
      if (clock.nowMs() - sentMs >= REQUEST_MS_MAX) throw new TypeError("fetch failed");
      if (life.hasEnded) this.lateCallsMs.add(clock.nowMs());
      const response = await this.emulator.fetch(request);
      if (this.#typing.chance(this.#typingShare)) await this.people.type();
      return response;
    });
    return aborting(sent, request.signal);
  }
}

/** Make the Notion of a scenario. */
export async function openNotionSide(part: NotionScenario, given: Given): Promise<NotionSide> {
  const { scenario, clock, deliver } = given;
  const emulator = await createNotionEmulator({
    seed: scenario.seed,
    nowMs: () => clock.nowMs(),
    sleep: (ms) => clock.sleepUntil(clock.nowMs() + ms),
    content: () => contentOf(scenario.startMs, part.projects),
    contentHash: `seed ${scenario.seed}`,
    requestsPerMinute: part.requestsPerMinute,
    ...(deliver === null ? {} : { deliver }),
  });
  if (part.faultRate > 0)
    emulator.control({ op: "fault", plan: `seed=${scenario.seed},rate=${part.faultRate}` });
  return new NotionSide(emulator, part, given);
}

/** The workspace of the fight, with addresses that must not show up anywhere else. */
function contentOf(startMs: number, projects: number): NotionSeed {
  const content = fightContent(startMs - 60 * 60_000, projects);
  return {
    ...content,
    databases: content.databases.map((database) =>
      database.key === "clients"
        ? {
            ...database,
            properties: [...database.properties, { name: "Email", type: "email" }],
            rows: database.rows.map((row) => ({
              ...row,
              values: { ...row.values, Email: `${row.key}${MAIL_MARK}` },
            })),
          }
        : database,
    ),
  };
}
