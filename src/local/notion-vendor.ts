import { createNotionEmulator, type NotionEmulator } from "../../emulators/notion/emulator.ts";
import { NOTION_DEMO_TOKEN } from "../../emulators/notion/keys.ts";
import { serveNotion } from "../../emulators/notion/server.ts";
import {
  notionContent,
  readClientsFile,
  readProjectsFile,
  sourcesOf,
  type TableFile,
} from "../../emulators/notion/table-file.ts";
import { deliverByHttp } from "../../emulators/world/deliver.ts";
import { decodeClock, encodeClock, worldNowMs, type WorldClock } from "../../emulators/world/clock.ts";
import { emulatorWorldAt, refusedBy } from "./emulator-elsewhere.ts";
import type { FirefliesVendor } from "./fireflies-vendor.ts";
import type { RunOptions } from "./options.ts";

/** Where Notion is for this start, and how the Worker gets in. */
export type NotionVendor = {
  /** Null: the vendor's own address. */
  readonly url: string | null;
  readonly token: string;
  /** Workspace of an emulator: all of them take one demo token, so the token does not tell them apart. */
  readonly workspace: string | null;
  /** Null: that sync is left out. */
  readonly databases: { readonly projects: string | null; readonly clients: string | null };
  /** Whether the workspace may be written to; one that is not ours is only read until a person says so. */
  readonly mayWrite: boolean;
  /** Clock of an emulator run elsewhere; null where Notion has none of its own. */
  readonly clock: WorldClock | null;
  /** Its settings of webhooks; null where they are not ours. */
  readonly webhooks: NotionWebhooks | null;
  close(): Promise<void>;
};

/** What a person does in Notion's settings. */
export type NotionWebhooks = {
  /** Set a subscription up, anew if it stands already; its handshake goes out. @returns its token */
  subscribe(url: string, isAnew: boolean): string;
  /** Paste the token of the handshake. */
  verify(token: string): void;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Files of rows that the options name. */
export type TableFiles = { readonly projects: TableFile | null; readonly clients: TableFile | null };

/** Read `--projects` and `--clients`. @throws StartRefused if one cannot be read or holds no row */
export function readTables({ projects, clients }: RunOptions): TableFiles {
  try {
    return {
      projects: projects === undefined ? null : readProjectsFile(projects),
      clients: clients === undefined ? null : readClientsFile(clients),
    };
  } catch (error) {
    return refusedBy(error);
  }
}

/** The real service, as the environment describes it. */
export function realNotion(environment: Environment): NotionVendor {
  return {
    url: null,
    token: environment["NOTION_TOKEN"] ?? "",
    workspace: null,
    databases: databasesIn(environment),
    mayWrite: environment["NOTION_MAY_WRITE"] === "yes",
    clock: null,
    webhooks: null,
    close: async () => {},
  };
}

/**
 * An emulator that runs elsewhere. It tells which databases it has; what it does not tell the environment says.
 *
 * @throws StartRefused when nothing answers there
 */
export async function notionAt(address: string, environment: Environment): Promise<NotionVendor> {
  const url = address.replace(/\/(v1\/?)?$/, "");
  const world = await emulatorWorldAt(url, "--notion-url");
  const said = databasesIn(environment);
  const idOf = (name: string): string | null => world?.databases?.find(({ key }) => key === name)?.id ?? null;
  return {
    ...realNotion(environment),
    url,
    token: environment["NOTION_TOKEN"] || NOTION_DEMO_TOKEN,
    workspace: world?.workspace_id ?? null,
    databases: { projects: idOf("projects") ?? said.projects, clients: idOf("clients") ?? said.clients },
    clock: decodeClock(JSON.stringify(world?.clock ?? null)),
  };
}

function databasesIn(environment: Environment): NotionVendor["databases"] {
  const said = (name: string): string | null => environment[name]?.trim() || null;
  return {
    projects: said("NOTION_PROJECTS_DATABASE_ID"),
    clients: said("NOTION_CLIENTS_DATABASE_ID"),
  };
}

/** What an emulator of ours is made or opened with. */
export type OwnNotion = {
  readonly options: RunOptions;
  readonly files: TableFiles;
  readonly stateDir: string;
  /** Whose clock it goes by. */
  readonly fireflies: Pick<FirefliesVendor, "clock" | "refresh" | "seed">;
};

/**
 * An emulator of ours, its world kept in the data directory; one that has none yet gets one. Its clock is that of
 * Fireflies, for the two are one world.
 *
 * @throws StartRefused when the world cannot be opened
 */
export async function ownNotion({ options, files, stateDir, fireflies }: OwnNotion): Promise<NotionVendor> {
  const nowMs = (): number => {
    const clock = fireflies.clock();
    return clock === null ? Date.now() : worldNowMs(clock, Date.now());
  };
  const given = {
    projects: files.projects ?? undefined,
    clients: files.clients ?? undefined,
    projectsCount: options.projectsCount,
  };
  const emulator = await createNotionEmulator({
    stateDir,
    seed: fireflies.seed ?? undefined,
    nowMs,
    clockHeader: () => {
      const clock = fireflies.clock();
      return clock === null ? null : encodeClock(clock);
    },
    content: () => notionContent({ ...given, seed: fireflies.seed ?? 1, epochMs: nowMs() }),
    sources: sourcesOf(given),
    faults: options.faults,
    elsewhere: "another directory with --data-dir",
    deliver: deliverByHttp,
  }).catch(refusedBy);
  const answering = {
    ...emulator,
    answer: async (request: Request) => {
      await fireflies.refresh();
      return emulator.answer(request);
    },
  };
  const server = await serveNotion(answering, { port: 0 });
  const idOf = (name: string): string | null =>
    emulator.databases().find(({ key }) => key === name)?.databaseId ?? null;
  return {
    url: server.url,
    token: NOTION_DEMO_TOKEN,
    workspace: emulator.workspaceId,
    databases: { projects: idOf("projects"), clients: idOf("clients") },
    mayWrite: true,
    clock: null,
    webhooks: webhooksOf(emulator),
    close: async () => {
      await server.close();
      await emulator.close();
    },
  };
}

function webhooksOf(emulator: NotionEmulator): NotionWebhooks {
  return {
    subscribe: (url, isAnew) => {
      if (isAnew) emulator.control({ op: "webhook", url: null });
      const reply = emulator.control({ op: "webhook", url });
      return reply.ok ? (reply.verificationToken ?? "") : "";
    },
    verify: (token) => void emulator.control({ op: "webhook", verify: token }),
  };
}
