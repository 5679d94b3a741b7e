/** Judges each seed that it is sent, one after another, and answers with what became of it. */
import { parentPort } from "node:worker_threads";
import type { Asked, Answer, Shrunk } from "./campaign.ts";
import { cutTo, keepText, partsIn, partsOf } from "./cut.ts";
import { plantedBug } from "./planted-bugs.ts";
import { makeGlobalsReplayable } from "./replayable-globals.ts";
import { shrink } from "./shrink.ts";
import { breachesInHarm, judgeScenario, judgeSeed, lawOf, scenarioFor, type Verdict } from "./verdict.ts";

makeGlobalsReplayable();

parentPort?.on("message", (asked: Asked) => {
  void answerTo(asked).then((answer) => parentPort?.postMessage(answer, []));
});

async function answerTo(asked: Asked): Promise<Answer> {
  const begun = performance.now();
  const { seed } = asked;
  try {
    if (asked.do === "shrink") return { seed, do: "shrunk", ...(await shrunk(asked)) };
    const { breaches, exercised, virtualMs } = await judged(asked);
    return {
      seed,
      do: "judged",
      breaches,
      exercised: [...exercised],
      virtualMs,
      realMs: performance.now() - begun,
    };
  } catch (error) {
    // What the emulators refuse, or a simulation that fails by itself, is a breach as well.
    const breach = `simulation: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    return {
      seed,
      do: "judged",
      breaches: [breach],
      exercised: [],
      virtualMs: 0,
      realMs: performance.now() - begun,
    };
  }
}

async function judged({ seed, bug, length, keep }: Asked): Promise<Verdict> {
  const planted = bug === null ? null : plantedBug(bug);
  if (planted?.harness === "fight")
    return { seed, breaches: await planted.judge(seed), exercised: new Map(), virtualMs: 0 };
  return judgeSeed(seed, { mutant: planted?.mutant ?? undefined, length, keep });
}

async function shrunk({
  seed,
  bug,
  length,
  keep,
  law,
  triesMax,
  secondsMax,
}: Extract<Asked, { do: "shrink" }>): Promise<Shrunk> {
  const mutant = bug === null ? undefined : (plantedBug(bug).mutant ?? undefined);
  const whole = scenarioFor(seed, { mutant, length });
  const all = keep === undefined ? partsOf(whole) : partsIn(keep, whole);
  const untilMs = performance.now() + secondsMax * 1_000;
  const isInHarm = !law.startsWith("law 4");
  const found = await shrink(
    all,
    async (parts) => {
      const scenario = cutTo(whole, parts);
      try {
        const breaches = isInHarm
          ? await breachesInHarm(scenario, mutant)
          : (await judgeScenario(scenario, { mutant })).breaches;
        return breaches.some((breach) => lawOf(breach) === law);
      } catch {
        // Something else is wrong with such a scenario: another failure is not the same one.
        return false;
      }
    },
    { triesMax, isTimeUp: () => performance.now() > untilMs },
  );
  return {
    keep: keepText(found.parts),
    parts: found.parts.length,
    partsBefore: all.length,
    tries: found.tries,
    isLeast: found.isLeast,
  };
}
