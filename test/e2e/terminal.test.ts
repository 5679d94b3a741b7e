import { existsSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, expect, test } from "vitest";
import {
  cleanUp,
  hasTerminals,
  RUN_MS,
  startEmulator,
  startOnTerminal,
  temporaryFolder,
  waitFor,
  type OnTerminal,
} from "./program.ts";

/** Long enough for keys to be typed while the first page is on its way. */
const SLOW_MS = 3_000;
const ESC = "\u001b";
const CTRL_C = "\u0003";
const EXIT_FAILED = 3;

const CAN = hasTerminals();
if (!CAN) console.log("SKIPPED keys on a terminal: there is no script of util-linux here");

afterEach(cleanUp);

test.runIf(CAN)(
  "keys do nothing to a sync on a terminal, and it draws a bar",
  async () => {
    const { program } = await syncWithSlowPage();
    program.type(`q\r${ESC}[A${ESC}`);
    expect(await program.exit, seen(program)).toBe(0);
    expect(seen(program)).toMatch(/[█░]{30} Meetings from Fireflies: 0 /);
    expect(seen(program)).toMatch(/source 3 = records .*\n.*unexplained 0/);
  },
  RUN_MS,
);

test.runIf(CAN)(
  "Ctrl-C on a terminal stops a sync cleanly and exits with 3",
  async () => {
    const { program, dataDir } = await syncWithSlowPage();
    // Twice, as npm hands on what the terminal has sent to both.
    program.type(CTRL_C);
    program.type(CTRL_C);
    expect(await program.exit, seen(program)).toBe(EXIT_FAILED);
    expect(seen(program)).toContain("Stopping; unfinished runs go on at the next start.");
    expect(existsSync(join(dataDir, "runtime.json")), "runtime.json after a clean stop").toBe(false);
  },
  RUN_MS,
);

/** A sync whose first page is on its way. */
async function syncWithSlowPage(): Promise<{ program: OnTerminal; dataDir: string }> {
  const emulator = await startEmulator(["--meetings-count", "3"]);
  await emulator.control({
    op: "fault",
    next: [{ kind: "slow", slowMs: SLOW_MS, field: "transcripts" }],
  });
  const dataDir = join(temporaryFolder(), "data of a person's own");
  const program = startOnTerminal(["sync", "--data-dir", dataDir, "--fireflies-url", emulator.url]);
  await waitFor("the first page to be asked for, with the bar drawn", async () => {
    if (program.isEnded()) throw new Error(`the program ended: ${seen(program)}`);
    const asked = (await emulator.log()).some((entry) => entry.fields.includes("transcripts"));
    return (asked && program.stdout().includes("Meetings from Fireflies")) || undefined;
  });
  return { program, dataDir };
}

function seen(program: OnTerminal): string {
  return stripVTControlCharacters(program.stdout()).replaceAll("\r", "");
}
