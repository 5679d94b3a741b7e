import type { Scenario } from "./scenario.ts";

/** Lists of a scenario by the letter that names their entries. */
const LISTS = { d: "deaths", e: "events", p: "pageEvents", m: "meetings" } as const;
type Letter = keyof typeof LISTS;

/** Settings that can be taken out of a scenario, and what is left then. */
const WITHOUT: Readonly<Record<string, unknown>> = {
  quotaPerDay: null,
  faultRate: 0,
  notion: null,
  webhooks: null,
  pause: null,
};
const RATES = ["d1", "r2", "vectorize", "ai", "slow"] as const;

/** Names of the parts that a scenario can do without: settings first, then deaths, events and meetings. */
export function partsOf(scenario: Scenario): string[] {
  const values: Readonly<Record<string, unknown>> = scenario;
  const settings = Object.keys(WITHOUT).filter((name) => name in values && values[name] !== WITHOUT[name]);
  const rates = RATES.filter((name) => scenario.rates[name] > 0);
  const entries = Object.entries(LISTS).flatMap(([letter, list]) =>
    Array.from({ length: scenario[list].length }, (_, place) => `${letter}${place}`),
  );
  return [...settings, ...rates, ...entries];
}

/** The scenario with these parts alone. What happens to a meeting that is no longer there goes with it. Pure. */
export function cutTo(scenario: Scenario, parts: readonly string[]): Scenario {
  const kept = new Set(parts);
  const entries = <T>(list: readonly T[], letter: Letter): T[] =>
    list.filter((_, place) => kept.has(`${letter}${place}`));
  const meetings = entries(scenario.meetings, "m");
  const events = entries(scenario.events, "e");
  const pageEvents = entries(scenario.pageEvents, "p");
  const arrivals = [...events, ...pageEvents].flatMap((one) =>
    "id" in one && "op" in one && one.op.op === "arrive" ? [one.id] : [],
  );
  const there = new Set([...meetings.map(({ id }) => id), ...arrivals]);
  const isThere = (one: object): boolean => !("id" in one) || there.has(String(one.id));
  const gone = partsOf(scenario).filter((part) => part in WITHOUT && !kept.has(part));
  return {
    ...scenario,
    ...Object.fromEntries(gone.map((name) => [name, WITHOUT[name]])),
    rates: {
      ...scenario.rates,
      ...Object.fromEntries(RATES.filter((name) => !kept.has(name)).map((name) => [name, 0])),
    },
    meetings,
    events: events.filter(isThere),
    pageEvents: pageEvents.filter(isThere),
    deaths: entries(scenario.deaths, "d"),
  };
}

/** Parts as one word for a command line, such as "faultRate,e3-5,m0". */
export function keepText(parts: readonly string[]): string {
  const words: string[] = parts.filter((part) => !/^[depm]\d+$/.test(part));
  for (const letter of Object.keys(LISTS)) {
    const places = parts
      .filter((part) => part[0] === letter && /^.\d+$/.test(part))
      .map((part) => Number(part.slice(1)))
      .toSorted((a, b) => a - b);
    for (const [n, place] of places.entries()) {
      if (places[n - 1] === place - 1) continue;
      let last = place;
      while (places.includes(last + 1)) last += 1;
      words.push(last === place ? `${letter}${place}` : `${letter}${place}-${last}`);
    }
  }
  return words.join(",");
}

/** The reverse of `keepText`. @throws Error with one sentence, if a word names no part of the scenario */
export function partsIn(text: string, scenario: Scenario): string[] {
  const all = new Set(partsOf(scenario));
  return text
    .split(",")
    .filter((word) => word !== "")
    .flatMap((word) => {
      const range = /^([depm])(\d+)(?:-(\d+))?$/.exec(word);
      const [, letter = "", first = "", last = first] = range ?? [];
      const named =
        range === null
          ? [word]
          : Array.from(
              { length: Number(last) - Number(first) + 1 },
              (_, n) => `${letter}${Number(first) + n}`,
            );
      const unknown = named.find((part) => !all.has(part));
      if (unknown !== undefined) throw new Error(`"${unknown}" is no part of seed ${scenario.seed}.`);
      return named;
    });
}
