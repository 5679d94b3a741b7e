import { type LineKind, type LineProblem, type LineRead, readJsonlFile } from "../world/jsonl-file.ts";
import { createTableProperties } from "./table-properties.ts";
import { CLIENT_PROPERTIES, PROJECT_PROPERTIES } from "./sample/properties.ts";
import { PROJECTS_COUNT_DEFAULT } from "./sample/projects.ts";
import { type SampleOptions, sampleNotion } from "./sample/workspace.ts";
import type { NotionSeed, SeedDatabase, SeedProperty, SeedRow, SeedValue } from "./seed.ts";
import { isDayOrMoment, problemsIn } from "./seed-check.ts";

/** A row as a file gives it. Times are null where the line has none: they depend on when its world begins. */
type FileRow = Pick<SeedRow, "key" | "values"> & {
  readonly createdMs: number | null;
  readonly editedMs: number | null;
};

/** What a file of rows held. `contentHash` is the sha256 of the unpacked bytes. */
export type TableFile = {
  readonly rows: readonly FileRow[];
  /** Those of the sample's database, with the options and the properties that only the file has. */
  readonly properties: readonly SeedProperty[];
  readonly problems: readonly LineProblem[];
  readonly contentHash: string;
};

/**
 * Read projects from `FILE.jsonl` or `FILE.jsonl.gz`: on each line one JSON object from names of properties to values
 * (`SeedValue`), with optional `key`, and `created` and `edited` as ISO 8601 moments.
 *
 * A name that the database does not have becomes a property of text. A name of an option that differs from a known one
 * only in case means that one, as in Notion; any other becomes an option, a status among those in progress. A
 * malformed line becomes a problem and the others still load. Without a key a row is called `line-N`.
 *
 * @throws Error with one sentence for a person, if the file cannot be read, unpacked, or holds no project at all
 */
export function readProjectsFile(path: string): TableFile {
  return readTableFile(path, { one: "project", many: "projects", identity: "key" }, PROJECT_PROPERTIES);
}

/** Read clients; everything else is as for projects. */
export function readClientsFile(path: string): TableFile {
  return readTableFile(path, { one: "client", many: "clients", identity: "key" }, CLIENT_PROPERTIES);
}

/** Properties that Notion makes in a database because a relation of another one is mirrored there. */
const MIRRORS: Readonly<Record<string, readonly string[]>> = {
  clients: PROJECT_PROPERTIES.flatMap((property) => ("mirror" in property ? [property.mirror] : [])),
};

function readTableFile(path: string, kind: LineKind, known: readonly SeedProperty[]): TableFile {
  const properties = createTableProperties(known, MIRRORS[kind.many] ?? []);
  const read = (object: Readonly<Record<string, unknown>>, line: number): LineRead<FileRow> => {
    const { key = `line-${line}`, created = null, edited = null, ...rest } = object;
    if (typeof key !== "string" || key === "") return { problem: "key: must be text that is not empty" };
    const createdMs = momentOf(created);
    const editedMs = momentOf(edited);
    if (createdMs === undefined) return { problem: "created: must be an ISO 8601 moment with its zone" };
    if (editedMs === undefined) return { problem: "edited: must be an ISO 8601 moment with its zone" };
    if (createdMs !== null && editedMs !== null && editedMs < createdMs)
      return { problem: "edited: must not lie before created" };
    const taken = properties.take(rest);
    if ("problem" in taken) return taken;
    return { identity: key, item: { key, createdMs, editedMs, values: taken.values } };
  };
  const { items, problems, contentHash } = readJsonlFile(path, kind, read);
  return { rows: items, properties: properties.all(), problems, contentHash };
}

/** Epoch milliseconds; null stays null, undefined stands for what is no moment. */
function momentOf(value: unknown): number | null | undefined {
  if (value === null) return null;
  return typeof value === "string" && value.includes("T") && isDayOrMoment(value)
    ? Date.parse(value)
    : undefined;
}

/** Files that replace a table of the sample each, and what the sample is made from. */
export type NotionContent = SampleOptions & {
  readonly projects?: TableFile | undefined;
  readonly clients?: TableFile | undefined;
};

/**
 * What an emulated Notion begins with: the sample, its rows replaced by those of files.
 *
 * Rows without times were created one minute after another, the last one minute before the epoch. The sample's own
 * projects lose clients whom a file replaced.
 *
 * @throws Error with one sentence for a person, if a row of a file points at a row that does not exist
 */
export function notionContent({ projects, clients, ...options }: NotionContent): NotionSeed {
  const sample = sampleNotion(options);
  const files: Readonly<Record<string, TableFile | undefined>> = { projects, clients };
  const replaced = sample.databases.map((database) =>
    withRowsOf(files[database.key], database, options.epochMs),
  );
  const content = {
    databases: replaced.map((database) =>
      files[database.key] === undefined ? withoutLostRelations(database, replaced) : database,
    ),
    sources: {
      ...sourcesOf({ projectsCount: options.projectsCount ?? PROJECTS_COUNT_DEFAULT }),
      clients: "sample",
      ...sourcesOf({ projects, clients }),
    },
  };
  const [problem] = problemsIn(content);
  if (problem !== undefined)
    throw new Error(`The files do not make a workspace: ${problem}; correct the row or leave it out.`);
  return content;
}

/** Names of where rows come from, by key of their database: of what is given, and of nothing else. */
export function sourcesOf({
  projects,
  clients,
  projectsCount,
}: Pick<NotionContent, "projects" | "clients" | "projectsCount">): Record<string, string> {
  return {
    ...(projectsCount === undefined ? {} : { projects: `sample of ${projectsCount}` }),
    ...(projects === undefined ? {} : { projects: projects.contentHash }),
    ...(clients === undefined ? {} : { clients: clients.contentHash }),
  };
}

const MINUTE_MS = 60_000;

function withRowsOf(file: TableFile | undefined, database: SeedDatabase, epochMs: number): SeedDatabase {
  if (file === undefined) return database;
  const rows = file.rows.map(({ key, values, createdMs, editedMs }, i): SeedRow => {
    const usualMs = epochMs - (file.rows.length - i) * MINUTE_MS;
    const bornMs = createdMs ?? (editedMs === null ? usualMs : Math.min(usualMs, editedMs));
    return { key, values, createdMs: bornMs, editedMs: editedMs ?? bornMs };
  });
  return { ...database, properties: file.properties, rows };
}

function withoutLostRelations(database: SeedDatabase, all: readonly SeedDatabase[]): SeedDatabase {
  const relations = database.properties.flatMap((property) => {
    if (property.type !== "relation") return [];
    const target = all.find(({ key }) => key === property.target);
    return [{ name: property.name, keys: new Set(target?.rows.map(({ key }) => key)) }];
  });
  const rows = database.rows.map((row) => {
    const kept = relations.map(({ name, keys }): [string, SeedValue] => {
      const value = row.values[name] ?? null;
      return [name, Array.isArray(value) ? value.filter((key: string) => keys.has(key)) : value];
    });
    return { ...row, values: { ...row.values, ...Object.fromEntries(kept) } };
  });
  return { ...database, rows };
}
