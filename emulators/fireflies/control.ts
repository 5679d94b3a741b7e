import { faultOf, parseFaults } from "../faults/plan.ts";
import { advanced } from "../world/clock.ts";
import { parseDurationMs } from "../world/duration.ts";
import { createRandom, rollOf } from "../world/random.ts";
import { problemOf } from "../world/zod-problem.ts";
import {
  type ArriveOp,
  type BehaveOp,
  type ControlOp,
  controlOpSchema,
  type EditOp,
  type FaultOp,
  type ImmediateOp,
  type WebhookOp,
} from "./control-ops.ts";
import { budgetOf, rolledOver } from "./quota.ts";
import { sampleMeeting } from "./sample/workspace.ts";
import { createdMsOf, type SourceMeeting, type SourceSentence } from "./source-meeting.ts";
import { commit, nowOf, type World } from "./world.ts";
import { announceArrival, announceTest } from "./webhooks.ts";
import { removeMeeting, setFields } from "./world-changes.ts";
import type { NextFault } from "./world-state.ts";

/** What a control op did, or one sentence that says why it did nothing. */
export type ControlReply =
  | { ok: true; op: string; at: string; id?: string; waiting?: number }
  | { ok: false; problem: string };

/** A control op that cannot be carried out; the message is for a person. */
class Refused extends Error {}

/** Check an op, carry it out and commit it. Nothing happens if any part of it is refused. */
export function applyControl(world: World, input: unknown): ControlReply {
  const checked = controlOpSchema.safeParse(input);
  if (!checked.success) return { ok: false, problem: problemOf(checked.error) };
  try {
    const done = commit(world, () => carryOut(world, checked.data));
    return { ok: true, op: checked.data.op, at: new Date(nowOf(world)).toISOString(), ...done };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, problem: error.message };
    throw error;
  }
}

/** Count one list reply and carry out the ops that waited for it. Runs inside the commit of that reply. */
export function applyDueOps(world: World): void {
  const { later } = world.state;
  if (later.length === 0) return;
  for (const entry of later) entry.afterLists -= 1;
  world.state.later = later.filter((entry) => entry.afterLists > 0);
  for (const { ops } of later.filter((entry) => entry.afterLists <= 0)) {
    for (const op of ops) {
      try {
        carryOut(world, op as ImmediateOp);
      } catch (error) {
        // The world moved on since the op was queued, for instance its meeting was deleted.
        if (!(error instanceof Refused)) throw error;
      }
    }
  }
}

type Done = { id?: string; waiting?: number };

function carryOut(world: World, op: ControlOp): Done {
  const { state } = world;
  switch (op.op) {
    case "edit":
      return edit(world, op);
    case "arrive":
      return arrive(world, op);
    case "fault":
      return setFaults(world, op);
    case "behave":
      return behave(world, op);
    case "webhook":
      return setWebhook(world, op);
    case "rename":
      setFields(world, existing(world, op.id), { title: op.title });
      return { id: op.id };
    case "delete":
      removeMeeting(world, existing(world, op.id));
      return { id: op.id };
    case "hide":
    case "show":
      world.store.setHidden(existing(world, op.id), op.op === "hide");
      return { id: op.id };
    case "remove-key":
      state.keys = op.key === undefined ? [] : state.keys.filter((key) => key !== op.key);
      return {};
    case "rotate-key":
      state.keys = [op.key];
      if (op.accountId !== undefined) state.account = { ...state.account, id: op.accountId };
      return {};
    case "quota":
      return setQuota(world, op);
    case "advance":
      state.clock = advanced(state.clock, durationOf(op.by));
      return {};
    case "plan":
      state.plan = op.plan;
      return {};
    case "reset-log":
      world.log.clear();
      return {};
    case "later":
      state.later.push({ afterLists: op.afterLists, ops: op.do });
      return { waiting: state.later.length };
  }
}

function existing(world: World, id: string): string {
  if (!world.store.find(id)) throw new Refused(`There is no meeting ${id} in this world.`);
  return id;
}

function durationOf(text: string): number {
  const byMs = parseDurationMs(text);
  if (byMs === null) throw new Refused(`"${text}" is no span of time; write 7d, 12h, 90m or 45s.`);
  return byMs;
}

function edit(world: World, op: EditOp): Done {
  const id = existing(world, op.id);
  const sentences = editedSentences(world, op);
  if (op.set) {
    // One date is enough to say; the other spelling must not contradict it.
    const dateOnly = op.set.date !== undefined && op.set.date_ms === undefined;
    setFields(world, id, { ...op.set, ...(dateOnly ? { date_ms: null } : {}) } as Partial<SourceMeeting>);
  }
  if (sentences) setFields(world, id, { sentences });
  return { id };
}

/** The sentences after the edit of one, or null; refused before anything of the op is carried out. */
function editedSentences(world: World, { id, set, sentence }: EditOp): SourceSentence[] | null {
  if (!sentence) return null;
  const { at, ...fields } = sentence;
  const sentences = set?.sentences ?? world.store.body(id).sentences ?? [];
  const before = sentences[at];
  if (!before) throw new Refused(`Meeting ${id} has no sentence ${at}; it has ${sentences.length}.`);
  return sentences.with(at, { ...before, ...definedIn(fields) });
}

function arrive(world: World, op: ArriveOp): Done {
  const { state } = world;
  const nowMs = nowOf(world);
  const ordinal = state.arrivalCount;
  const given = op.meeting ?? {};
  const givenMs = createdMsOf(given);
  const createdMs = givenMs ?? nowMs - Math.round((op.hoursAgo ?? 0) * 3_600_000);
  const made = sampleMeeting({ random: createRandom(state.seed, `arrival ${ordinal}`), createdMs, ordinal });
  const { date: _date, ...fields } = given;
  const meeting: SourceMeeting = { ...made, ...followers(fields), ...definedIn(fields), date_ms: createdMs };
  if (world.store.isTaken(meeting.id))
    throw new Refused(`The id ${meeting.id} is taken; choose another or leave it out.`);
  if (op.inMinutes !== undefined) meeting.appears_at_ms = nowMs + op.inMinutes * 60_000;
  if (op.ripens) {
    meeting.lifecycle = {
      live_until_ms: nowMs + op.ripens.liveMinutes * 60_000,
      transcribed_at_ms: nowMs + op.ripens.transcribedAfterMinutes * 60_000,
      summarized_at_ms: nowMs + op.ripens.summarizedAfterMinutes * 60_000,
      outcome: op.ripens.outcome,
    };
    meeting.meeting_info = { fred_joined: true };
  }
  state.arrivalCount += 1;
  world.store.add(meeting);
  announceArrival(world, meeting);
  return { id: meeting.id };
}

/** What has to follow from given sentences, so that an invented summary never describes another talk. */
function followers({
  sentences,
}: {
  sentences?: SourceMeeting["sentences"] | undefined;
}): Partial<SourceMeeting> {
  if (sentences === undefined) return {};
  const names = [...new Set((sentences ?? []).map((sentence) => sentence.speaker_name ?? null))];
  return {
    speakers: names.map((name, i) => ({ id: i, name })),
    summary: null,
    meeting_info: { fred_joined: true },
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedIn<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function setFaults(world: World, op: FaultOp): Done {
  const { state } = world;
  if (op.plan !== undefined) {
    try {
      state.faults = parseFaults(op.plan);
    } catch (error) {
      throw new Refused(error instanceof Error ? error.message : String(error));
    }
  }
  if (op.clear) state.nextFaults = [];
  for (const { kind, code, field, counted, ...details } of op.next ?? []) {
    const roll = details.roll ?? rollOf(state.seed, `next ${state.requestCount} ${state.nextFaults.length}`);
    const fault: NextFault =
      kind === "api_error"
        ? { kind, code, counted: counted ?? false }
        : faultOf(
            kind,
            roll,
            definedIn({ counted: counted ?? false, ...details }) as Partial<ReturnType<typeof faultOf>>,
          );
    state.nextFaults.push(field === undefined ? fault : { ...fault, field });
  }
  return { waiting: state.nextFaults.length };
}

function behave(world: World, op: BehaveOp): Done {
  const { op: _op, ...switches } = op;
  world.state.behaviour = {
    ...world.state.behaviour,
    ...definedIn(switches),
  } as typeof world.state.behaviour;
  return {};
}

function setWebhook(world: World, { op: _op, test, ...settings }: WebhookOp): Done {
  world.state.webhooks = { ...world.state.webhooks, ...definedIn(settings) } as typeof world.state.webhooks;
  if (world.state.webhooks.url === null) world.state.webhooks = { ...world.state.webhooks, queue: [] };
  else if (test === true) announceTest(world);
  return { waiting: world.state.webhooks.queue.length };
}

function setQuota(world: World, op: Extract<ControlOp, { op: "quota" }>): Done {
  const { state } = world;
  if (op.perDay !== undefined) state.quotaPerDay = op.perDay;
  const quota = rolledOver(state.quota, budgetOf(state.plan, state.quotaPerDay), nowOf(world));
  state.quota = {
    ...quota,
    used: op.used ?? quota.used,
    blockedUntilMs: op.unblock ? 0 : quota.blockedUntilMs,
  };
  return {};
}
