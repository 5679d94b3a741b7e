import { SYNC_NAMES } from "../../core/policy.ts";
import type { RunReport } from "../../queries/status.ts";
import type { ApiClient } from "../client.ts";
import { asksOnPress, byId, setText } from "./dom.ts";
import type { Formats } from "./formats.ts";
import { runSentence } from "./sentences.ts";

/** What the button needs of the rest of the page. */
export type SyncDoors = {
  readonly client: () => ApiClient | null;
  readonly failed: (error: unknown) => void;
  /** Refresh now. */
  readonly wake: () => void;
};

export type SyncNow = {
  /** The run that the button asked for, until it has ended; null if there is none. */
  following(): string | null;
  /** Say how it goes. */
  show(report: RunReport, nowMs: number): void;
};

/** The button that asks for a run of the first sync that is on (Fireflies, as a rule), and the line that says what became of it. */
export function createSyncNow(formats: Formats, { client, failed, wake }: SyncDoors): SyncNow {
  const button = byId("sync-now", HTMLButtonElement);
  const outcome = byId("sync-outcome", HTMLElement);
  let following: { id: string; preface: string } | null = null;

  asksOnPress(button, { outcome, failed }, async () => {
    const api = client();
    if (api === null) return;
    setText(outcome, "Asking for a run.");
    const { off } = await api.status();
    const sync = SYNC_NAMES.find((name) => off.every((one) => one.sync !== name)) ?? "fireflies";
    const { run_id: id, created } = await api.start(sync);
    following = { id, preface: created ? "" : "A run was under way already. " };
    wake();
  });
  return {
    following: () => following?.id ?? null,
    show: (report, nowMs) => {
      setText(outcome, `${following?.preface ?? ""}${runSentence(report, formats, nowMs)}`);
      if (report.run.endedMs !== null) following = null;
    },
  };
}
