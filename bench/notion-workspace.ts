import { notionContent } from "../emulators/notion/table-file.ts";
import { aNotionWorkspace } from "../test/in-process/notion-workspace.ts";

const HOUR_MS = 3_600_000;
/** Runs of one sync until nothing is left to go on with; more than these are a defect. */
const RUNS_MAX = 40;

/** Calls that an emulated Notion saw, and what of them came too soon. */
export type Calls = { readonly calls: number; readonly refused: number };

/** A workspace of so many projects, and what was asked of its Notion. */
export type NotionBenchSpace = Awaited<ReturnType<typeof openNotionSpace>>;

/**
 * Everything of the product in this process beside an emulated Notion with so many projects. Its clock is moved by what
 * waits and by nothing else, so that time by it is time that a limit imposes.
 *
 * @param requestsPerMinute limit of the emulator; null for none
 */
export async function openNotionSpace(projectsCount: number, requestsPerMinute: number | null) {
  const startMs = Date.UTC(2026, 5, 1, 11);
  const space = await aNotionWorkspace({
    content: () => notionContent({ seed: 1, epochMs: startMs, projectsCount }),
    requestsPerMinute,
  });
  const { world, notion } = space;
  // In processor time, which a busy machine does not make longer: everything is done in this process.
  let notionMs = 0;
  const answer = notion.fetch;
  notion.fetch = async (request) => {
    const startedMs = processorMs();
    try {
      return await answer(request);
    } finally {
      notionMs += processorMs() - startedMs;
    }
  };
  const counted = async (work: () => Promise<void>): Promise<Calls> => {
    notion.control({ op: "reset-log" });
    await work();
    const log = notion.log();
    return { calls: log.length, refused: log.filter(({ status }) => status === 429).length };
  };
  /** Runs of a sync until none goes on; calls, world time, and processor time, of which Notion's own part. */
  const syncAll = async (name: "clients" | "projects") => {
    const [startedMs, startedWorldMs, notionBeforeMs] = [processorMs(), world.nowMs(), notionMs];
    let runs = 0;
    const calls = await counted(async () => {
      for (let continues = true; continues; runs += 1) {
        if (runs === RUNS_MAX) throw new Error(`${name} goes on after ${RUNS_MAX} runs`);
        const run = await space.sync(name);
        const parkedMs = run.state === "parked" ? (run.notBeforeMs ?? Number.NaN) - world.nowMs() : 0;
        if (!["succeeded", "succeeded_with_findings", "parked"].includes(run.state) || Number.isNaN(parkedMs))
          throw new Error(`a run of ${name} is ${run.state}: ${run.detail}`);
        world.advance(Math.max(0, parkedMs));
        continues = run.continues || run.state === "parked";
      }
    });
    return {
      ...calls,
      runs,
      waitedMs: world.nowMs() - startedWorldMs,
      tookMs: processorMs() - startedMs,
      notionMs: notionMs - notionBeforeMs,
    };
  };
  return {
    ...space,
    syncAll,
    /** Time until the next run falls due; every kept schema is too old by then. */
    fallDue: () => world.advance(4 * HOUR_MS),
    notionMs: () => notionMs,
    close: async () => {
      await notion.close();
      space.d1.close();
    },
  };
}

/** Processor time of this process, ms. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
