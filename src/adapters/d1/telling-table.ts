import type { D1Database } from "@cloudflare/workers-types";
import { CLOSED, type Delivery, type Tellable } from "../../core/notices.ts";
import {
  ALERT_CLAIM_MS,
  ALERT_DELIVERIES_SHOWN,
  ALERT_WAIT_MAX_MS,
  ALERTS_CLOSED_SHOWN,
  ALERTS_PER_BEAT,
} from "../../core/policy.ts";
import type {
  AlertStore,
  ChannelState,
  Claim,
  ListedAlert,
  ListedDelivery,
  Telling,
} from "../../ports/alert-store.ts";
import { acknowledgementOf, type AcknowledgedRow } from "./alert-table.ts";
import { createDatabase, statement, type Database, type Statement } from "./database.ts";

/** Alerts and how people are told of them, in D1. */
export function createAlertStore(d1: D1Database): AlertStore {
  const database = createDatabase(d1);
  return {
    ...listMethods(database),
    claim: (claim) => take(database, claim),
    begin: async (claim, deliveries, window) => {
      const [, counted] = await database.batch([
        ...written(claim, deliveries),
        statement(
          `update alert_channels set window_from_ms = ?3, window_messages = ?4 where channel = ?1 and claim = ?2`,
          claim.channel,
          claim.id,
          window.fromMs,
          window.messages,
        ),
      ]);
      return (counted?.meta.changes ?? 0) > 0;
    },
    finish: async (claim, telling) => void (await database.batch(finished(claim, telling))),
    tested: async (channel, failure, nowMs) => void (await database.batch(testedBy(channel, failure, nowMs))),
  };
}

/** Holds for a world time that has come, or that a clock wrote which was set back since. */
function hasCome(column: string, nowMs: string): string {
  return `(${column} <= ${nowMs} or ${column} > ${nowMs} + ${ALERT_WAIT_MAX_MS})`;
}

/** The notice of an alert and a channel that is not over. */
const PENDING = (channel: string): string =>
  `left join alert_deliveries as pending on pending.alert_id = alerts.id and pending.channel = ${channel} and pending.done_ms is null`;

/**
 * Holds for an alert that has something to tell over a channel that is not held back, or to leave out: an open one that nobody has in hand and
 * whose next notice is due or was not planned yet; a closed one whose end was not told here, or left out. What holds a
 * channel back was written with or after its window began; a window in the future says that the clock was set back since.
 */
const IS_DUE = (channel: string, nowMs: string): string => `alerts.settled = 0
  and not exists (select 1 from alert_channels as state where state.channel = ${channel}
    and state.window_from_ms <= ${nowMs} and not ${hasCome("state.not_before_ms", nowMs)})
  and case
  when alerts.closed_ms is null
    then alerts.acked_ms is null and (pending.notice is null or ${hasCome("pending.next_ms", nowMs)})
  else not exists (select 1 from alert_deliveries as closing
      where closing.alert_id = alerts.id and closing.channel = ${channel} and closing.notice = ${CLOSED})
    or (pending.notice = ${CLOSED} and ${hasCome("pending.next_ms", nowMs)}) end`;

/**
 * Whether any of these channels has something to tell and may: the condition of the glance.
 *
 * @param channels placeholder of a JSON array of their names @param nowMs placeholder of world ms
 */
export function tellsAt(channels: string, nowMs: string): string {
  return `exists (select 1 from json_each(${channels}) as channel cross join alerts ${PENDING("channel.value")}
    where ${IS_DUE("channel.value", nowMs)})`;
}

type StateRow = Omit<ChannelState, "isBlocked"> & {
  isBlocked: number;
  claim: string | null;
  fromMs: number;
  messages: number;
};

const STATES = `select channel, not_before_ms as notBeforeMs, blocked as isBlocked, failing_since_ms as failingSinceMs, detail,
  last_ok_ms as lastOkMs, (select count(*) from alert_deliveries as waits where waits.channel = alert_channels.channel
    and waits.done_ms is null and (waits.next_ms is null or waits.attempts > 0)) as waiting, claim, window_from_ms as fromMs, window_messages as messages from alert_channels`;

function stateOf(row: StateRow): ChannelState {
  const { channel, notBeforeMs, failingSinceMs, detail, lastOkMs, waiting } = row;
  return { channel, notBeforeMs, isBlocked: row.isBlocked === 1, failingSinceMs, detail, lastOkMs, waiting };
}

type TellableRow = Omit<Tellable, "pending" | "isTold"> & {
  notice: number | null;
  attempts: number | null;
  isTold: number;
};

async function take(
  database: Database,
  { channel, id, realNowMs, nowMs }: Claim,
): ReturnType<AlertStore["claim"]> {
  const [, , states, due] = await database.batch([
    statement("insert into alert_channels (channel) values (?1) on conflict (channel) do nothing", channel),
    statement(
      // A claim that ends further ahead than any does was written before the clock was set back.
      `update alert_channels set claim = ?2, claim_until_real_ms = ?3 + ${ALERT_CLAIM_MS} where channel = ?1
         and (claim is null or claim_until_real_ms <= ?3 or claim_until_real_ms > ?3 + ${ALERT_CLAIM_MS})`,
      channel,
      id,
      realNowMs,
    ),
    statement(`${STATES} where channel = ?1`, channel),
    statement(
      `select alerts.id, kind, subject, alerts.detail, opened_ms as openedMs, closed_ms as closedMs, pending.notice, pending.attempts,
         exists (select 1 from alert_deliveries as told where told.alert_id = alerts.id and told.channel = ?1
           and told.outcome = 'delivered') as isTold
       from alerts ${PENDING("?1")} where ${IS_DUE("?1", "?2")} order by opened_ms, alerts.id limit ${ALERTS_PER_BEAT}`,
      channel,
      nowMs,
    ),
  ]);
  const [state] = (states?.results ?? []) as StateRow[];
  if (state === undefined || state.claim !== id) return null;
  const alerts = ((due?.results ?? []) as TellableRow[]).map(
    ({ notice, attempts, isTold, ...alert }): Tellable => ({
      ...alert,
      pending: notice === null ? null : { notice, attempts: attempts ?? 0 },
      isTold: isTold === 1,
    }),
  );
  return { alerts, state: stateOf(state), window: { fromMs: state.fromMs, messages: state.messages } };
}

const IS_CLAIMED = "exists (select 1 from alert_channels where channel = ?2 and claim = ?3)";

/** Notices as they stand. What is over stays so: a reply that was lost is written again, and nothing else can be late. */
function written({ channel, id, nowMs }: Claim, deliveries: readonly Delivery[]): Statement[] {
  // What is over goes first, for only one of an alert may be under way.
  const ordered = deliveries.toSorted((a, b) => Number(a.outcome === null) - Number(b.outcome === null));
  return [
    statement(
      `insert into alert_deliveries (alert_id, channel, notice, attempts, next_ms, outcome, detail, done_ms)
       select value ->> 'alertId', ?2, value ->> 'notice', value ->> 'attempts', value ->> 'nextMs', value ->> 'outcome',
         value ->> 'detail', iif(value ->> 'outcome' is null, null, ?4) from json_each(?1) where ${IS_CLAIMED}
       on conflict (alert_id, channel, notice) do update set attempts = excluded.attempts, next_ms = excluded.next_ms,
         outcome = excluded.outcome, detail = coalesce(excluded.detail, alert_deliveries.detail), done_ms = excluded.done_ms
       where alert_deliveries.done_ms is null`,
      JSON.stringify(ordered),
      channel,
      id,
      nowMs,
    ),
  ];
}

function finished(claim: Claim, { deliveries, sent, notBeforeMs, channels }: Telling): Statement[] {
  const { channel, id, nowMs } = claim;
  return [
    ...written(claim, deliveries),
    statement(
      `update alerts set settled = 1 where settled = 0 and closed_ms is not null
         and id in (select value ->> 'alertId' from json_each(?1))
         and not exists (select 1 from json_each(?2) as channel where not exists (select 1 from alert_deliveries as closing
           where closing.alert_id = alerts.id and closing.channel = channel.value and closing.notice = ${CLOSED}
             and closing.done_ms is not null))`,
      JSON.stringify(deliveries),
      JSON.stringify(channels),
    ),
    ...(sent === null ? [] : [faring(channel, sent.failure, { nowMs, claimId: id })]),
    statement(
      `update alert_channels set claim = null, claim_until_real_ms = 0, not_before_ms = ?3, blocked = max(blocked, ?4)
       where channel = ?1 and claim = ?2`,
      channel,
      id,
      notBeforeMs,
      sent?.isBlocked === true ? 1 : 0,
    ),
  ];
}

/** How a channel fares after a message; `claimId` null: whoever has it at the moment. */
function faring(
  channel: string,
  failure: string | null,
  { nowMs, claimId }: { readonly nowMs: number; readonly claimId: string | null },
): Statement {
  return statement(
    `update alert_channels set failing_since_ms = iif(?2 is null, null, coalesce(failing_since_ms, ?3)), detail = ?2,
       last_ok_ms = iif(?2 is null, ?3, last_ok_ms) where channel = ?1 and (?4 is null or claim = ?4)`,
    channel,
    failure,
    nowMs,
    claimId,
  );
}

function testedBy(channel: string, failure: string | null, nowMs: number): Statement[] {
  const lifted = [
    statement("update alert_channels set blocked = 0, not_before_ms = 0 where channel = ?1", channel),
    statement(
      "update alert_deliveries set next_ms = ?2, attempts = 0 where channel = ?1 and done_ms is null and next_ms is null",
      channel,
      nowMs,
    ),
  ];
  return [
    statement("insert into alert_channels (channel) values (?1) on conflict (channel) do nothing", channel),
    faring(channel, failure, { nowMs, claimId: null }),
    ...(failure === null ? lifted : []),
  ];
}

type AlertRow = Omit<ListedAlert, "acknowledged" | "deliveries"> & AcknowledgedRow;

const ALERTS = `select id, kind, subject, detail, opened_ms as openedMs, closed_ms as closedMs, acked_ms as ackedMs,
  acked_by as ackedBy, ack_note as ackNote from alerts`;

function alertOf({ ackedMs, ackedBy, ackNote, ...alert }: AlertRow): Omit<ListedAlert, "deliveries"> {
  return { ...alert, acknowledged: acknowledgementOf({ ackedMs, ackedBy, ackNote }) };
}

function deliveryOf(row: ListedDelivery): ListedDelivery {
  const { channel, notice, attempts, nextMs, outcome, detail, doneMs } = row;
  return { channel, notice, attempts, nextMs, outcome, detail, doneMs };
}

function listMethods(database: Database): Pick<AlertStore, "list" | "acknowledge" | "channelStates"> {
  return {
    list: async () => {
      const shown = `select * from (select * from alerts where closed_ms is null) union all
        select * from (select * from alerts where closed_ms is not null order by closed_ms desc limit ${ALERTS_CLOSED_SHOWN})`;
      const [alerts, deliveries] = await database.batch([
        statement(
          `${ALERTS.replace("from alerts", `from (${shown})`)} order by closed_ms is not null, iif(closed_ms is null, opened_ms, -closed_ms), id`,
        ),
        statement(
          `select alert_id as alertId, channel, notice, attempts, next_ms as nextMs, outcome, detail, done_ms as doneMs from
             (select *, row_number() over (partition by alert_id order by done_ms is not null, done_ms desc, notice desc) as place
              from alert_deliveries where alert_id in (select id from (${shown}))) where place <= ${ALERT_DELIVERIES_SHOWN}
           order by alertId, place`,
        ),
      ]);
      const rows = (deliveries?.results ?? []) as (ListedDelivery & { alertId: string })[];
      const items = ((alerts?.results ?? []) as AlertRow[]).map((row): ListedAlert => ({
        ...alertOf(row),
        deliveries: rows.filter(({ alertId }) => alertId === row.id).map(deliveryOf),
      }));
      return { items, cursor: null };
    },
    acknowledge: async (id, { atMs, by, note }) => {
      const [, found] = await database.batch([
        statement(
          "update alerts set acked_ms = ?2, acked_by = ?3, ack_note = ?4 where id = ?1 and closed_ms is null and acked_ms is null",
          id,
          atMs,
          by,
          note,
        ),
        statement(`${ALERTS} where id = ?1`, id),
      ]);
      const [row] = (found?.results ?? []) as AlertRow[];
      return row === undefined ? null : alertOf(row);
    },
    channelStates: async () => ({
      items: (await database.rows<StateRow>(`${STATES} order by channel`)).map(stateOf),
      cursor: null,
    }),
  };
}
