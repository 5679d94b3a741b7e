import type { Scenario, WorldEvent } from "./scenario.ts";
import { virtualTime } from "./trace.ts";

const DETAIL_CHARACTERS_MAX = 90;

/** An event of the world in few words. */
export function describeEvent(event: WorldEvent): string {
  if (event.do === "source") return `source: ${event.op.op} ${event.id}`;
  const { atMs: _, do: what, ...rest } = event;
  return `${what} ${shortly(rest)}`.trim();
}

/** What a scenario consists of, a line each: what is set, who dies when, what happens. */
export function scenarioLines(scenario: Scenario): string[] {
  const since = (atMs: number): string => virtualTime(atMs - scenario.startMs);
  const {
    seed: _,
    startMs: _start,
    calmMs,
    meetings,
    events,
    pageEvents,
    deaths,
    tickEveryMs,
    ...settings
  } = scenario;
  return [
    `${meetings.length} meetings: ${meetings.map(({ id }) => id).join(" ")}`.slice(
      0,
      4 * DETAIL_CHARACTERS_MAX,
    ),
    `a tick every ${tickEveryMs / 60_000} min, calm from ${since(calmMs)} on, ${shortly(settings, 4 * DETAIL_CHARACTERS_MAX)}`,
    ...deaths.map(
      ({ calls, at }, place) =>
        `life ${place} ends after ${calls} calls${at === null ? "" : ` or at the ${at.times}. ${at.place}`}`,
    ),
    ...pageEvents.map(({ afterList, id, op }) => `after list reply ${afterList}  source: ${op.op} ${id}`),
    ...events.map((event) => `${since(event.atMs)}  ${describeEvent(event)}`),
  ];
}

function shortly(value: object, charactersMax = DETAIL_CHARACTERS_MAX): string {
  const text = JSON.stringify(value).replaceAll('"', "").slice(1, -1);
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}...` : text;
}
