import type { GraphQLError, GraphQLObjectType, GraphQLResolveInfo } from "graphql";
import { apiError, notFound } from "./api-errors.ts";
import { phaseAt } from "./lifecycle.ts";
import { type ListingArgs, type ListingContext, pageOf, teamOf } from "./listing.ts";
import type { MeetingFacts, MeetingStore } from "./meeting-store.ts";
import { paidError, userOf, type ViewContext, viewKey, viewOf } from "./meeting-view.ts";
import { type FieldError, projectMeeting, type Selection, selectionOf, selects } from "./projection.ts";
import type { ReplyCache } from "./reply-cache.ts";
import { FIREFLIES_SCHEMA } from "./schema.ts";
import type { WorldState } from "./world-state.ts";

/** What one request may see and do. Everything chance or time decides comes in here. */
export type ApiContext = {
  nowMs: number;
  state: WorldState;
  store: MeetingStore;
  cache: ReplyCache;
  /** In [0, 1): which meeting of the reply comes without sentences; null for none. */
  partialRoll: number | null;
  /** Errors inside finished JSON, which the executor cannot see. */
  errors: { path: readonly (string | number)[]; error: GraphQLError }[];
  /** Meetings in the reply so far. */
  items: number;
  /** True once a meeting was really served without sentences. */
  partialHappened: boolean;
  mutate: {
    rename(id: string, title: string): void;
    setPrivacy(id: string, privacy: string): void;
    remove(id: string): void;
  };
};

/** Finished JSON of one field, in parts that need not be copied. */
export class FinishedJson {
  readonly parts: readonly Uint8Array[];
  constructor(parts: readonly Uint8Array[]) {
    this.parts = parts;
  }
}

const TRANSCRIPT_TYPE = FIREFLIES_SCHEMA.getType("Transcript") as GraphQLObjectType;
const OPEN_LIST = Buffer.from("[");
const COMMA = Buffer.from(",");
const CLOSE_LIST = Buffer.from("]");

function viewContext({ state, nowMs }: ApiContext): ViewContext {
  const { gatedFields, liveSentences } = state.behaviour;
  return { nowMs, plan: state.plan, gatedFields, liveSentences };
}

function listingContext({ state, store, nowMs }: ApiContext): ListingContext {
  return {
    dateFilter: state.behaviour.dateFilter,
    accountEmail: state.account.email,
    emailOfUser: (userId) => teamOf(store.visibleAt(nowMs), state.account).get(userId),
    body: (id) => store.body(id),
  };
}

function listMeetings(args: ListingArgs, context: ApiContext): MeetingFacts[] {
  return pageOf(context.store.visibleAt(context.nowMs), args, listingContext(context));
}

function findMeeting(id: string, context: ApiContext): MeetingFacts {
  const meeting = context.store.findVisible(id, context.nowMs);
  if (!meeting) throw notFound("Transcript", id);
  return meeting;
}

/** @throws paid_required for the request as a whole, if the plan lacks a field that it asks for */
function requirePlan(selection: Selection, { state }: ApiContext): void {
  if (state.behaviour.gatedFields !== "request") return;
  if (state.plan === "free" && selects(selection, "audio_url")) throw paidError("pro_or_higher");
  if (state.plan !== "business" && selects(selection, "video_url")) throw paidError("business_or_higher");
}

function selectionAt(info: GraphQLResolveInfo): Selection {
  return selectionOf(info.fieldNodes, TRANSCRIPT_TYPE, {
    fragments: info.fragments,
    variables: info.variableValues,
  });
}

const SENTENCES_LOST = "Sentences could not be loaded";

/** The object as the plain executor reads it, with the partial fault if it hits this one. */
function viewFor(meeting: MeetingFacts, isPartial: boolean, context: ApiContext): Record<string, unknown> {
  const view = viewOf(context.store.body(meeting.id), viewContext(context));
  return isPartial ? { ...view, sentences: apiError("invariant_violation", SENTENCES_LOST) } : view;
}

/** The index of the meeting that comes without sentences, or -1. */
function partialIndex(count: number, selection: Selection, context: ApiContext): number {
  if (context.partialRoll === null || count === 0 || !selects(selection, "sentences")) return -1;
  context.partialHappened = true;
  return Math.floor(context.partialRoll * count);
}

function finishedMeeting(
  meeting: MeetingFacts,
  selection: Selection,
  isPartial: boolean,
  context: ApiContext,
): { bytes: Uint8Array; errors: FieldError[] } {
  const make = () => {
    const { value, errors } = projectMeeting(viewFor(meeting, isPartial, context), selection);
    return { bytes: Buffer.from(JSON.stringify(value)), errors };
  };
  if (isPartial) return make();
  const phase = phaseAt(meeting.lifecycle, context.nowMs);
  return context.cache.get(`${viewKey(meeting, phase, viewContext(context))}${selection.signature}`, make);
}

/** Resolvers whose meetings are finished JSON; they run on the opaque schema. */
export const FAST_ROOT = {
  transcripts(args: ListingArgs, context: ApiContext, info: GraphQLResolveInfo): FinishedJson {
    const selection = selectionAt(info);
    const meetings = listMeetings(args, context);
    requirePlan(selection, context);
    const partialAt = partialIndex(meetings.length, selection, context);
    const parts: Uint8Array[] = [OPEN_LIST];
    meetings.forEach((meeting, i) => {
      const { bytes, errors } = finishedMeeting(meeting, selection, i === partialAt, context);
      if (i > 0) parts.push(COMMA);
      parts.push(bytes);
      for (const { key, error } of errors) context.errors.push({ path: [info.path.key, i, key], error });
    });
    parts.push(CLOSE_LIST);
    context.items += meetings.length;
    return new FinishedJson(parts);
  },
  transcript({ id }: { id: string }, context: ApiContext, info: GraphQLResolveInfo): FinishedJson {
    const selection = selectionAt(info);
    const meeting = findMeeting(id, context);
    requirePlan(selection, context);
    const isPartial = partialIndex(1, selection, context) === 0;
    const { bytes, errors } = finishedMeeting(meeting, selection, isPartial, context);
    for (const { key, error } of errors) context.errors.push({ path: [info.path.key, key], error });
    context.items += 1;
    return new FinishedJson([bytes]);
  },
};

/** Resolvers of plain objects, for graphql-js to complete leaf by leaf. The measure for the fast ones. */
export const PLAIN_ROOT = {
  transcripts(args: ListingArgs, context: ApiContext, info: GraphQLResolveInfo): Record<string, unknown>[] {
    const selection = selectionAt(info);
    const meetings = listMeetings(args, context);
    requirePlan(selection, context);
    const partialAt = partialIndex(meetings.length, selection, context);
    context.items += meetings.length;
    return meetings.map((meeting, i) => viewFor(meeting, i === partialAt, context));
  },
  transcript({ id }: { id: string }, context: ApiContext, info: GraphQLResolveInfo): Record<string, unknown> {
    const selection = selectionAt(info);
    const meeting = findMeeting(id, context);
    requirePlan(selection, context);
    context.items += 1;
    return viewFor(meeting, partialIndex(1, selection, context) === 0, context);
  },
};

function visibleMeetings({ store, nowMs }: ApiContext): MeetingFacts[] {
  return store.visibleAt(nowMs);
}

function ownerOf(context: ApiContext): Record<string, unknown> {
  const { account } = context.state;
  const visible = visibleMeetings(context);
  return {
    ...userOf(account.email),
    user_id: account.id,
    name: account.name,
    is_admin: true,
    is_calendar_in_sync: true,
    num_transcripts: visible.length,
    recent_transcript: visible[0]?.id ?? null,
    recent_meeting: visible[0]?.id ?? null,
    minutes_consumed: null,
  };
}

function personOf(id: string, context: ApiContext): Record<string, unknown> {
  if (id === context.state.account.id) return ownerOf(context);
  const email = teamOf(visibleMeetings(context), context.state.account).get(id);
  if (email === undefined) throw notFound("User", id);
  return userOf(email);
}

function channelsOf(context: ApiContext): Record<string, unknown>[] {
  const byId = new Map<string, Record<string, unknown>>();
  for (const { id, channelIds } of visibleMeetings(context)) {
    if (channelIds.every((channelId) => byId.has(channelId))) continue;
    for (const channel of context.store.body(id).channels ?? []) {
      byId.set(channel.id, { ...channel, members: channel.members ?? [] });
    }
  }
  return [...byId.values()];
}

function runningMeetings(context: ApiContext): Record<string, unknown>[] {
  return visibleMeetings(context)
    .filter((meeting) => phaseAt(meeting.lifecycle, context.nowMs) === "live")
    .map((meeting) => {
      const { title, organizer_email, meeting_link } = context.store.body(meeting.id);
      const startMs = meeting.createdMs ?? context.nowMs;
      return {
        id: meeting.id,
        title,
        organizer_email,
        meeting_link,
        start_time: new Date(startMs).toISOString(),
        end_time: null,
        privacy: null,
        state: "active",
      };
    });
}

/** Resolvers shared by both ways of execution. */
export const SHARED_ROOT = {
  user: ({ id }: { id?: string | null }, context: ApiContext) =>
    id ? personOf(id, context) : ownerOf(context),
  users: (_args: unknown, context: ApiContext) =>
    [...teamOf(visibleMeetings(context), context.state.account).keys()].map((id) => personOf(id, context)),
  user_groups: () => [],
  channels: (_args: unknown, context: ApiContext) => channelsOf(context),
  channel({ id }: { id: string }, context: ApiContext) {
    const channel = channelsOf(context).find((candidate) => candidate["id"] === id);
    if (!channel) throw notFound("Channel", id);
    return channel;
  },
  active_meetings: (_args: unknown, context: ApiContext) => runningMeetings(context),
  apps: () => ({ outputs: [] }),
};

/** Mutations, for the plain executor only. Channel changes and uploads are refused: no sync may touch them. */
export const MUTATION_ROOT = {
  deleteTranscript({ id }: { id: string }, context: ApiContext) {
    const view = viewFor(findMeeting(id, context), false, context);
    context.mutate.remove(id);
    return view;
  },
  updateMeetingTitle({ input }: { input: { id: string; title: string } }, context: ApiContext) {
    findMeeting(input.id, context);
    context.mutate.rename(input.id, input.title);
    return viewFor(findMeeting(input.id, context), false, context);
  },
  updateMeetingPrivacy({ input }: { input: { id: string; privacy: string } }, context: ApiContext) {
    findMeeting(input.id, context);
    context.mutate.setPrivacy(input.id, input.privacy);
    return viewFor(findMeeting(input.id, context), false, context);
  },
  updateMeetingChannel() {
    throw apiError("forbidden", "Channels cannot be changed in this workspace.");
  },
  uploadAudio() {
    throw apiError("forbidden", "Uploads are not open in this workspace.");
  },
};
