import { rollOf } from "../world/random.ts";

/** What can go wrong on purpose. `cut` ends the connection in the middle of a body, `cut_json` ends the JSON there. */
export const FAULT_KINDS = [
  "rate_limited",
  "server_error",
  "gateway_timeout",
  "html",
  "cut",
  "cut_json",
  "partial",
  "errors_in_200",
  "slow",
  "reset",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Names on the command line. `cut` there means either way of cutting. */
const SPEC_KINDS: Record<string, readonly FaultKind[]> = {
  "429": ["rate_limited"],
  "500": ["server_error"],
  "504": ["gateway_timeout"],
  html: ["html"],
  cut: ["cut", "cut_json"],
  partial: ["partial"],
  errors200: ["errors_in_200"],
  slow: ["slow"],
  reset: ["reset"],
};

/** A seeded plan: which requests fail, and how, follows from the seed and the request's index alone. */
export type FaultPlan<Kind extends string = FaultKind> = {
  seed: number;
  /** Share of requests that fail, 0 to 0.75. */
  rate: number;
  kinds: readonly Kind[];
};

/** Share of requests that fail when a specification names none. */
const FAULT_RATE_DEFAULT = 0.1;

/** At most this many requests in a row fail by plan, so that a ladder of retries gets through. */
export const FAULTS_IN_A_ROW_MAX = 3;

/** One fault as it is carried out. */
export type Fault = {
  kind: FaultKind;
  /** True if the call counts against the budget before the fault strikes. */
  counted: boolean;
  /** In [0, 1): where a body is cut, which item of a list is partial. */
  roll: number;
  /** World seconds named by a `rate_limited` reply. */
  retryAfterSeconds: number;
  /** Real milliseconds that a `slow` reply waits. */
  slowMs: number;
};

/** A fault of `kind` whose details follow from `roll` unless given. */
export function faultOf(kind: FaultKind, roll: number, given: Partial<Omit<Fault, "kind">> = {}): Fault {
  return {
    kind,
    counted: roll * 1_000 - Math.floor(roll * 1_000) < 0.5,
    roll,
    retryAfterSeconds: 1 + Math.floor(roll * 5),
    slowMs: 200 + Math.floor(roll * 1_300),
    ...given,
  };
}

/**
 * The kind of fault of the request with this index and a roll in [0, 1) for its details, or null.
 *
 * Every fourth request is left alone, which bounds failures in a row; the others fail a little more often, so that
 * the plan's rate holds. Pure.
 */
export function plannedKind<Kind extends string>(
  plan: FaultPlan<Kind> | null,
  requestIndex: number,
): { kind: Kind; roll: number } | null {
  if (plan === null || plan.kinds.length === 0) return null;
  const period = FAULTS_IN_A_ROW_MAX + 1;
  if (requestIndex % period === FAULTS_IN_A_ROW_MAX) return null;
  const share = Math.min(1, (plan.rate * period) / FAULTS_IN_A_ROW_MAX);
  if (rollOf(plan.seed, `fault ${requestIndex}`) >= share) return null;
  const kindIndex = Math.floor(rollOf(plan.seed, `kind ${requestIndex}`) * plan.kinds.length);
  return { kind: plan.kinds[kindIndex] as Kind, roll: rollOf(plan.seed, `detail ${requestIndex}`) };
}

/** The fault of the request with this index, or null. Pure. */
export function plannedFault(plan: FaultPlan | null, requestIndex: number): Fault | null {
  const planned = plannedKind(plan, requestIndex);
  return planned && faultOf(planned.kind, planned.roll);
}

/** Read a specification with the kinds of the Fireflies emulator. @throws Error with one sentence for a person */
export function parseFaults(spec: string): FaultPlan {
  return parseFaultsOf(spec, SPEC_KINDS);
}

/**
 * Read `seed=7,rate=0.2[,kinds=429+500+504+html+cut+partial+errors200+slow+reset]`; `none` is a plan without faults.
 * What is left out has a default: seed 1, a tenth of the requests, every kind.
 *
 * @param specKinds the kinds by their names in such a text
 * @throws Error with one sentence for a person, if the text is anything else
 */
export function parseFaultsOf<Kind extends string>(
  spec: string,
  specKinds: Readonly<Record<string, readonly Kind[]>>,
): FaultPlan<Kind> {
  if (spec.trim() === "none") return { seed: 0, rate: 0, kinds: [] };
  const plan = { seed: 1, rate: FAULT_RATE_DEFAULT, kinds: Object.values(specKinds).flat() };
  for (const part of spec.split(",")) {
    const [name = "", value = ""] = part.trim().split("=", 2);
    if (name === "seed") plan.seed = wholeNumber(value, spec);
    else if (name === "rate") plan.rate = rateOf(value);
    else if (name === "kinds") plan.kinds = kindsOf(value, specKinds);
    else throw new Error(`Faults are written seed=7,rate=0.2,kinds=429+cut; "${part}" is none of these.`);
  }
  return plan;
}

function wholeNumber(value: string, spec: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new Error(`The seed in "${spec}" must be a whole number such as 7.`);
  return Number(value);
}

function rateOf(value: string): number {
  const rate = Number(value);
  if (value === "" || !(rate >= 0 && rate <= 0.75)) {
    throw new Error(
      `The fault rate must be from 0 to 0.75, for every fourth request is left alone; it is "${value}".`,
    );
  }
  return rate;
}

function kindsOf<Kind extends string>(
  value: string,
  specKinds: Readonly<Record<string, readonly Kind[]>>,
): Kind[] {
  return value.split("+").flatMap((name) => {
    const kinds = specKinds[name];
    if (!kinds) {
      throw new Error(`"${name}" is no kind of fault; there are ${Object.keys(specKinds).join(", ")}.`);
    }
    return kinds;
  });
}
