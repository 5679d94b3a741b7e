import type { Forecast } from "../core/quota/forecast.ts";
import type { BudgetStatus } from "../queries/forecast.ts";
import { counted } from "./report/words.ts";

/** When the backfill will be done, for people: "752 meetings, 17 calls, done by 2026-06-01T12:00:00.000Z". */
export function forecastLine({ meetings, calls, pages, callsPerDay, doneMs }: Forecast): string {
  if (meetings === null || calls === null)
    return `${counted(pages, "page")} so far; the account does not say how many meetings it has`;
  const pace = callsPerDay === null ? "" : ` at about ${callsPerDay} a day`;
  const made = pages === 0 ? "" : `, ${pages} made`;
  const done = doneMs === null ? "done in more than a year" : `done by ${new Date(doneMs).toISOString()}`;
  return `${counted(meetings, "meeting")}, ${counted(pages + calls, "call")}${pace}${made}, ${done}`;
}

/** What a key has left, for people. */
export function budgetLine({ vendor, budget, used, windowEndsMs, notBeforeMs }: BudgetStatus): string {
  const of = budget === null ? `${used} made, no budget known` : `${used} of ${budget}`;
  const until = windowEndsMs === null ? "" : `, anew at ${new Date(windowEndsMs).toISOString()}`;
  const named = notBeforeMs === null ? "" : `, none before ${new Date(notBeforeMs).toISOString()}`;
  return `${vendor}: ${of}${until}${named}`;
}
