import { rollOf } from "../world/random.ts";
import { problemOf } from "../world/zod-problem.ts";
import { type NotionControlOp, notionControlSchema, type OpOf } from "./control-ops.ts";
import {
  createRow,
  deleteForever,
  duplicatePage,
  editPage,
  markPage,
  movePage,
  setShared,
} from "./control-pages.ts";
import {
  add,
  addDataSource,
  addOption,
  remove,
  removeOption,
  rename,
  renameOption,
  retype,
} from "./control-schema.ts";
import { type NextFault, notionFaultOf, parseNotionFaults } from "./faults.ts";
import { uuidOf } from "./ids.ts";
import { settleLateWrites } from "./late-writes.ts";
import { Refused } from "./refused.ts";
import { NO_WEBHOOK } from "./webhook-state.ts";
import { commit, type World } from "./world.ts";

/** What a control op did, or one sentence that says why it did nothing. */
export type NotionControlReply =
  | {
      readonly ok: true;
      readonly op: string;
      /** World time, ISO 8601. */
      readonly at: string;
      /** Of the page, property, data source or database it was about. */
      readonly id?: string;
      /** Faults that wait. */
      readonly waiting?: number;
      /** What the handshake of a new subscription carries. */
      readonly verificationToken?: string;
    }
  | { readonly ok: false; readonly problem: string };

type Done = { readonly id?: string; readonly waiting?: number; readonly verificationToken?: string };

/** Check an op, carry it out and commit it. Nothing happens if any part of it is refused. */
export function applyControl(world: World, input: unknown): NotionControlReply {
  settleLateWrites(world);
  const checked = notionControlSchema.safeParse(input);
  if (!checked.success) return { ok: false, problem: problemOf(checked.error) };
  try {
    const done = commit(world, () => carryOut(world, checked.data));
    return { ok: true, op: checked.data.op, at: new Date(world.nowMs()).toISOString(), ...done };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, problem: error.message };
    throw error;
  }
}

function carryOut(world: World, op: NotionControlOp): Done {
  switch (op.op) {
    case "edit":
      return editPage(world, op);
    case "create":
      return createRow(world, op);
    case "duplicate":
      return duplicatePage(world, op);
    case "trash":
    case "restore":
    case "archive":
    case "unarchive":
      return markPage(world, op);
    case "delete-forever":
      return deleteForever(world, op);
    case "move":
      return movePage(world, op);
    case "share":
    case "unshare":
      return setShared(world, op);
    default:
      return changeTable(world, op);
  }
}

type PageOp = OpOf<
  | "edit"
  | "create"
  | "duplicate"
  | "trash"
  | "restore"
  | "archive"
  | "unarchive"
  | "delete-forever"
  | "move"
  | "share"
  | "unshare"
>;

function changeTable(world: World, op: Exclude<NotionControlOp, PageOp>): Done {
  switch (op.op) {
    case "rename-property":
      return rename(world, op);
    case "retype-property":
      return retype(world, op);
    case "remove-property":
      return remove(world, op);
    case "add-property":
      return add(world, op);
    case "add-option":
      return addOption(world, op);
    case "rename-option":
      return renameOption(world, op);
    case "remove-option":
      return removeOption(world, op);
    case "add-data-source":
      return addDataSource(world, op);
    default:
      return changeSettings(world, op);
  }
}

type SettingsOp = OpOf<
  "rotate-token" | "remove-token" | "capability" | "limit" | "fault" | "behave" | "webhook" | "reset-log"
>;

function changeSettings(world: World, op: SettingsOp): Done {
  const { state } = world;
  switch (op.op) {
    case "rotate-token":
      state.tokens = [op.token];
      return {};
    case "remove-token":
      state.tokens = op.token === undefined ? [] : state.tokens.filter((token) => token !== op.token);
      return {};
    case "capability": {
      const { op: _op, ...given } = op;
      state.capabilities = { ...state.capabilities, ...definedIn(given) };
      return {};
    }
    case "limit":
      if (op.requestsPerMinute !== undefined) {
        state.requestsPerMinute = op.requestsPerMinute;
        // A limit that is lifted or changed begins with a fresh window.
        state.budgets = {};
      }
      if (op.blocked !== undefined) state.isBlocked = op.blocked;
      return {};
    case "fault":
      return setFaults(world, op);
    case "behave": {
      const { op: _op, ...given } = op;
      state.behaviour = { ...state.behaviour, ...definedIn(given) };
      return {};
    }
    case "webhook":
      return setWebhook(world, op);
    case "reset-log":
      world.log.clear();
      return {};
  }
}

/** The fields that are given: an absent one leaves what is there. */
function definedIn<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

function setFaults(world: World, op: OpOf<"fault">): Done {
  const { state } = world;
  const plan = op.plan === undefined ? undefined : planOf(op.plan);
  const next = (op.next ?? []).map(({ kind, roll, ...given }, at): NextFault => {
    const chance = roll ?? rollOf(state.seed, `next fault ${state.requestCount}/${at}`);
    const { method, endpoint, ...details } = given;
    return { ...notionFaultOf(kind, chance, { commits: false, ...definedIn(details) }), method, endpoint };
  });
  if (plan !== undefined) state.faults = plan;
  state.nextFaults = [...(op.clear ? [] : state.nextFaults), ...next];
  return { waiting: state.nextFaults.length };
}

function planOf(spec: string): ReturnType<typeof parseNotionFaults> {
  try {
    return parseNotionFaults(spec);
  } catch (error) {
    throw new Refused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function setWebhook(world: World, op: OpOf<"webhook">): Done {
  const { state } = world;
  const { op: _op, url, verify, ...settings } = op;
  if (verify !== undefined && verify !== state.webhooks.verificationToken) {
    throw new Refused("This is not the token of the handshake.");
  }
  const isNew = url !== undefined && url !== state.webhooks.url;
  const before = isNew ? { ...NO_WEBHOOK, eventCount: state.webhooks.eventCount } : state.webhooks;
  const token = `secret_${uuidOf(state.seed, `verification of ${url} ${before.eventCount}`).replaceAll("-", "")}`;
  state.webhooks = {
    ...before,
    ...definedIn(settings),
    ...(isNew ? { url, handshakeDue: url !== null, verificationToken: token } : {}),
    ...(verify === undefined ? {} : { isVerified: true }),
  };
  return { verificationToken: state.webhooks.verificationToken };
}
