import { join } from "node:path";
import type { MeetingsFile } from "../../emulators/fireflies/meetings-file.ts";
import { encodeClock } from "../../emulators/world/clock.ts";
import type { LineProblem } from "../../emulators/world/jsonl-file.ts";
import {
  firefliesAt,
  ownFireflies,
  readMeetings,
  realFireflies,
  type FirefliesVendor,
} from "./fireflies-vendor.ts";
import {
  notionAt,
  ownNotion,
  readTables,
  realNotion,
  type NotionVendor,
  type TableFiles,
} from "./notion-vendor.ts";
import type { RunOptions } from "./options.ts";
import { realVendors, type Environment } from "./vendor-choice.ts";

/** The vendors of this start; one that is off is null. */
export type Vendors = {
  readonly fireflies: FirefliesVendor | null;
  readonly notion: NotionVendor | null;
  /** JSON of the clock that an emulator keeps; null where time is real. */
  readonly clock: string | null;
  /** Lines of input files that could not be loaded. */
  readonly problems: readonly FileProblem[];
  close(): Promise<void>;
};

/** A line of a file: the file as it was named, and what it holds. */
type FileProblem = LineProblem & {
  readonly path: string;
  readonly rows: "meetings" | "projects" | "clients";
};

/** Files that the options name, read. */
export type InputFiles = { readonly meetings: MeetingsFile | null } & TableFiles;

/** Read them before anything is made, so that a wrong name leaves nothing behind. @throws StartRefused */
export function readInputFiles(options: RunOptions): InputFiles {
  const meetings = options.meetings === undefined ? null : readMeetings(options.meetings);
  return { meetings, ...readTables(options) };
}

/**
 * Find or start the vendors. With a real key and no address the real service is meant; with an address, whatever runs
 * there; else an emulator of ours whose world is kept in the data directory, unless the other vendor is a real one:
 * invented projects have no place among real meetings.
 *
 * @param dataDir absolute
 * @throws StartRefused when an emulator's world cannot be opened, or nothing answers at an address
 */
export async function openVendors(
  options: RunOptions,
  files: InputFiles,
  dataDir: string,
  environment: Environment,
): Promise<Vendors> {
  const real = realVendors(environment, options);
  const isAnyReal = real.fireflies || real.notion;
  const key = environment["FIREFLIES_API_KEY"] ?? "";
  // Asked first: a world of ours shares its time.
  const elsewhere = options.notionUrl === undefined ? null : await notionAt(options.notionUrl, environment);
  const fireflies = await firefliesOf();
  try {
    const notion = await notionOf();
    const clock = isAnyReal ? null : (fireflies?.clock() ?? elsewhere?.clock ?? null);
    return {
      fireflies,
      notion,
      clock: clock === null ? null : encodeClock(clock),
      problems: problemsIn(options, files),
      close: async () => {
        await notion?.close();
        await fireflies?.close();
      },
    };
  } catch (error) {
    await fireflies?.close();
    throw error;
  }

  async function firefliesOf(): Promise<FirefliesVendor | null> {
    if (options.firefliesUrl !== undefined) return firefliesAt(options.firefliesUrl, key);
    if (real.fireflies) return realFireflies(key);
    if (real.notion) return null;
    const stateDir = join(dataDir, "fireflies-emulator");
    return ownFireflies({ options, meetings: files.meetings, stateDir, shared: elsewhere?.clock ?? null });
  }

  async function notionOf(): Promise<NotionVendor | null> {
    if (elsewhere !== null) return elsewhere;
    if (real.notion) return realNotion(environment);
    if (real.fireflies || fireflies === null) return null;
    return ownNotion({ options, files, stateDir: join(dataDir, "notion-emulator"), fireflies });
  }
}

function problemsIn(options: RunOptions, files: InputFiles): FileProblem[] {
  return (["meetings", "projects", "clients"] as const).flatMap((rows) =>
    (files[rows]?.problems ?? []).map((problem) => ({ ...problem, path: options[rows] ?? "", rows })),
  );
}
