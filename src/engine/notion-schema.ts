import { mapColumns, type Drift, type StoredColumn } from "../core/mapping/notion-columns.ts";
import type { MappedColumns } from "../core/mapping/notion-record.ts";
import { SCHEMA_MAX_AGE_MS } from "../core/policy.ts";
import { TABLES, type Table, type TableName, type TableSettings } from "../core/records/table.ts";
import type { DataSourceSchema, NotionReply } from "../ports/notion.ts";
import type { NotionSetup } from "../ports/ports.ts";
import type { StoredSchema } from "../ports/table-store.ts";
import { durably, fail, type StepScope } from "./durably.ts";
import type { RunContext } from "./run-context.ts";
import type { CallUse } from "../core/quota.ts";
import { throttled } from "./throttled.ts";

/** A proof has time; who reads what a webhook named has none. */
function useOf({ run }: RunContext): CallUse {
  if (run.sync === "verify") return "reconcile";
  return run.trigger === "webhook" ? "webhook" : "fresh";
}

/** A table and the data source it is kept in step with, as a run knows them. */
export type TableContext = {
  readonly table: Table;
  readonly dataSourceId: string;
  readonly mapped: MappedColumns;
  /** Names of properties by id. */
  readonly names: Readonly<Record<string, string>>;
  /** Text property that holds the record's id on pages that we made; null if there is none, and then no page is made. */
  readonly markerId: string | null;
  readonly botId: string;
  /** As configured when the run began. */
  readonly policies: TableSettings["policies"];
  readonly deletes: TableSettings["deletes"];
  /** What keeps a column from being synced, and what else is different in the schema, in sentences. */
  readonly findings: readonly string[];
  readonly notes: readonly string[];
};

/** One step of a run over a table. */
export type TableStep = {
  readonly context: RunContext;
  readonly scope: StepScope;
  readonly table: TableContext;
};

/** Notion, or the reason why there is none. @throws FailureError of kind denied */
export function notionOf(context: RunContext): NotionSetup {
  const { notion } = context.ports;
  return notion ?? fail({ kind: "denied", party: "notion", detail: "no token: set NOTION_TOKEN in .env" });
}

/**
 * Which property each column is. The schema is read when what is known of it is an hour old, or where nothing is; a table
 * without a required column waits for a person.
 *
 * @param use `preview` and `proof` remember nothing: what is different in the schema is still to be dealt with
 */
export async function knowTable(
  context: RunContext,
  name: TableName,
  use: "sync" | "preview" | "proof" = "sync",
): Promise<TableContext> {
  const step = { sync: "schema", preview: "preview, schema", proof: `schema of ${name}` }[use];
  return durably(context, step, async (scope) => {
    const { tables, world } = context.ports;
    const table = TABLES[name];
    const { databases, settings } = notionOf(context);
    const databaseId = databases[name];
    if (databaseId === null) missingSetting(name);
    const stored = await tables.schema(name);
    const isFresh =
      stored !== null &&
      stored.databaseId === databaseId &&
      world.nowMs() - stored.fetchedMs < SCHEMA_MAX_AGE_MS;
    const known = stored?.databaseId === databaseId ? stored : null;
    const schema = isFresh ? stored.schema : await readSchema(context, scope, databaseId, known);
    const botId = await botOf(context, scope, known);
    const before = known?.columns ?? {};
    const { columns: configured, policies, deletes } = settings[name];
    const map = mapColumns(schema.properties, table.columns, configured, before);
    if (map.missing.length > 0) missingColumns(table, schema, map.missing);
    const columns = map.stored as Readonly<Record<string, StoredColumn>>;
    const isKept = isFresh && botId === known?.botId && JSON.stringify(columns) === JSON.stringify(before);
    if (use === "sync" && !isKept) {
      const { keyName } = notionOf(context).tables;
      const fetchedMs = isFresh ? stored.fetchedMs : world.nowMs();
      await tables.keepSchema(context.fence, name, {
        databaseId,
        schema,
        columns,
        fetchedMs,
        keyName,
        botId,
        adopt: Object.keys(before).length === 0 ? [] : map.adopt,
        isOther: stored !== null && known === null,
      });
    }
    return {
      table,
      dataSourceId: schema.id,
      mapped: map.columns,
      names: Object.fromEntries(schema.properties.map((property) => [property.id, property.name])),
      markerId: markerOf(schema),
      botId,
      policies,
      deletes,
      findings: map.drift.filter(isInTheWay).map((drift) => sentenceOf(name, drift)),
      notes: map.drift.filter((drift) => !isInTheWay(drift)).map((drift) => sentenceOf(name, drift)),
    };
  });
}

/** Name of the text property that marks pages of ours. */
const MARKER_NAME = "Sync ID";

function markerOf({ properties }: DataSourceSchema): string | null {
  return properties.find(({ name, type }) => name === MARKER_NAME && type === "rich_text")?.id ?? null;
}

async function readSchema(
  context: RunContext,
  scope: StepScope,
  databaseId: string,
  known: StoredSchema | null,
): Promise<DataSourceSchema> {
  const { tables } = notionOf(context);
  const id = known?.schema.id ?? (await dataSourceOf(context, scope, databaseId));
  const schema = await call(context, scope, "schema", (ms) => tables.schema(id, ms));
  if (schema === null)
    return refuse(`Notion shows no database ${databaseId} to this token: share it with the connection`);
  if (schema.isTrashed) refuse(`the database ${databaseId} is in Notion's trash: restore it`);
  return schema;
}

/** What people paste may be the id of a database or of a data source. */
async function dataSourceOf(context: RunContext, scope: StepScope, databaseId: string): Promise<string> {
  const { tables } = notionOf(context);
  const sources = await call(context, scope, "database", (ms) => tables.dataSourcesOf(databaseId, ms));
  if (sources === null) return databaseId;
  if (sources.length > 1) {
    const found = sources.map(({ id, name }) => `${name} (${id})`).join(", ");
    refuse(`the database has ${sources.length} data sources, ${found}: configure the id of one of them`);
  }
  return sources[0]?.id ?? refuse("the database has no data source that this token sees");
}

/** The bot behind the token, asked for once with each token. */
async function botOf(context: RunContext, scope: StepScope, known: StoredSchema | null): Promise<string> {
  const { tables } = notionOf(context);
  if (known?.keyName === tables.keyName) return known.botId;
  return (await call(context, scope, "account", (ms) => tables.me(ms))).botId;
}

/** One call to Notion, within its budget. */
export async function call<T>(
  context: RunContext,
  scope: StepScope,
  operation: string,
  send: (timeoutMs: number) => Promise<NotionReply<T>>,
): Promise<T> {
  const reply = await throttled<NotionReply<T>>(context, scope, {
    keyName: notionOf(context).tables.keyName,
    party: "notion",
    operation,
    use: useOf(context),
    send: ({ timeoutMs }) => send(timeoutMs),
  });
  return reply.value;
}

function missingSetting(name: TableName): never {
  return refuse(
    `no database for ${name}: set NOTION_${name.toUpperCase()}_DATABASE_ID in .env, or notion.${name}.database in sync.config.jsonc`,
  );
}

function missingColumns(table: Table, schema: DataSourceSchema, missing: readonly string[]): never {
  const wanted = missing.map((column) => {
    const { synonyms, notionTypes } = table.columns[column] ?? { synonyms: [], notionTypes: [] };
    return `${column} (a ${notionTypes.join(" or ")} property such as "${synonyms[0] ?? column}")`;
  });
  return refuse(`the data source "${schema.title}" lacks ${wanted.join(", ")}`);
}

function refuse(detail: string): never {
  return fail({ kind: "denied", party: "notion", detail });
}

/** Comes again in every run until it is mended. */
function isInTheWay(drift: Drift): boolean {
  if (drift.kind === "retyped") return !drift.isUsable;
  return !["renamed", "replaced", "new_option"].includes(drift.kind);
}

function sentenceOf(name: TableName, drift: Drift): string {
  const column = `${name}.${drift.column}`;
  switch (drift.kind) {
    case "renamed":
      return `${column}: its property is now called "${drift.to}", it was "${drift.from}"`;
    case "replaced":
      return `${column}: the property "${drift.to}" has taken the place of "${drift.from}"`;
    case "retyped":
      return drift.isUsable
        ? `${column}: its property is now a ${drift.to}, it was a ${drift.from}`
        : `${column}: its property is now a ${drift.to} and cannot be read; the column waits`;
    case "removed":
      return `${column}: its property "${drift.name}" is gone; the column waits`;
    case "no_longer_shared":
      return `${column}: its relation "${drift.name}" is not shown any more; share what it points at`;
    case "not_found":
      return `${column}: there is no property "${drift.name}"; the column waits`;
    case "unusable":
      return `${column}: the property "${drift.name}" is a ${drift.type} and cannot be read as this column`;
    case "new_option":
      // Its name may be that of a person.
      return `${column}: there is a new option`;
  }
}
