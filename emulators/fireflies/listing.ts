import { type FieldProblem, invalidArguments, notFound } from "./api-errors.ts";
import type { MeetingFacts } from "./meeting-store.ts";
import { dateOf, dateStringMsOf, userOf } from "./meeting-view.ts";
import type { SourceMeeting } from "./source-meeting.ts";

/** Most meetings in one page. Source: reference: Fireflies docs, "Transcripts". */
const PAGE_ITEMS_MAX = 50;

/** Arguments of the `transcripts` field after coercion; dates are epoch ms. */
export type ListingArgs = {
  limit?: number | null;
  skip?: number | null;
  fromDate?: number | null;
  toDate?: number | null;
  date?: number | null;
  title?: string | null;
  keyword?: string | null;
  scope?: string | null;
  user_id?: string | null;
  mine?: boolean | null;
  organizers?: string[] | null;
  participants?: string[] | null;
  channel_id?: string | null;
  host_email?: string | null;
  organizer_email?: string | null;
  participant_email?: string | null;
};

/** The real behaviour of the date filters is unknown, so clients are tested under every combination. */
export type DateFilterMode = { bounds: "inclusive" | "exclusive"; compares: "date" | "dateString" };

/** What the filters need besides the facts of a meeting. */
export type ListingContext = {
  dateFilter: DateFilterMode;
  accountEmail: string;
  /** E-mail address of a user of the team, or undefined. */
  emailOfUser: (userId: string) => string | undefined;
  body: (id: string) => SourceMeeting;
};

type Keep = (meeting: MeetingFacts) => boolean;

/** One page of `visible`, which is newest first. @throws invalid_arguments, object_not_found */
export function pageOf(
  visible: readonly MeetingFacts[],
  args: ListingArgs,
  context: ListingContext,
): MeetingFacts[] {
  const problems = [...rangeProblems(args), ...conflicts(args)];
  if (problems.length > 0) throw invalidArguments(problems);
  const keeps = [
    ...dateFilters(args, context.dateFilter),
    ...peopleFilters(args, context),
    ...textFilters(args, context),
  ];
  const skip = args.skip ?? 0;
  const limit = args.limit ?? PAGE_ITEMS_MAX;
  if (keeps.length === 0) return visible.slice(skip, skip + limit);
  return visible.filter((meeting) => keeps.every((keep) => keep(meeting))).slice(skip, skip + limit);
}

const LENGTH_MAX = { keyword: 255, title: 256, channel_id: 256 } as const;
const EMAIL_FIELDS = ["host_email", "organizer_email", "participant_email"] as const;

function rangeProblems(args: ListingArgs): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const limit = args.limit ?? PAGE_ITEMS_MAX;
  if (limit > PAGE_ITEMS_MAX)
    problems.push({
      name: "limit",
      type: "max",
      message: `limit must not be greater than ${PAGE_ITEMS_MAX}`,
    });
  if (limit < 1) problems.push({ name: "limit", type: "min", message: "limit must not be less than 1" });
  if ((args.skip ?? 0) < 0)
    problems.push({ name: "skip", type: "min", message: "skip must not be less than 0" });
  for (const [name, max] of Object.entries(LENGTH_MAX)) {
    const value = args[name as keyof typeof LENGTH_MAX];
    if (value && value.length > max)
      problems.push({
        name,
        type: "maxLength",
        message: `${name} must not be longer than ${max} characters`,
      });
  }
  for (const name of EMAIL_FIELDS) {
    const value = args[name];
    if (value && (value.length > 256 || !/^[^\s@]+@[^\s@]+$/.test(value))) {
      problems.push({ name, type: "isEmail", message: `${name} must be an email` });
    }
  }
  const { scope } = args;
  if (scope && !["title", "sentences", "all"].includes(scope)) {
    problems.push({ name: "scope", type: "isEnum", message: "scope must be one of title, sentences, all" });
  }
  if (scope && !args.keyword)
    problems.push({ name: "scope", type: "dependsOn", message: "scope needs keyword" });
  return problems;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** Source: reference 2.1, combination rules. */
function conflicts(args: ListingArgs): FieldProblem[] {
  const together = (names: readonly (keyof ListingArgs)[]): FieldProblem[] =>
    names
      .filter((name) => isGiven(args[name]))
      .map((name) => ({
        name,
        type: "conflict",
        message: `${name} cannot be combined with ${names.filter((other) => other !== name).join(", ")}`,
      }));
  const clashes = (names: readonly (keyof ListingArgs)[]): FieldProblem[] => {
    const given = together(names);
    return given.length > 1 ? given : [];
  };
  const problems = [
    ...clashes(["title", "keyword"]),
    ...clashes(["organizer_email", "participant_email", "user_id", "mine"]),
  ];
  for (const many of ["organizers", "participants"] as const) {
    for (const one of ["organizer_email", "participant_email"] as const)
      problems.push(...clashes([many, one]));
  }
  const seen = new Set<string>();
  return problems.filter(({ name }) => !seen.has(name) && seen.add(name));
}

function dateFilters(args: ListingArgs, mode: DateFilterMode): Keep[] {
  const keeps: Keep[] = [];
  const compared = (createdMs: number): number =>
    mode.compares === "date" ? dateOf(createdMs) : dateStringMsOf(createdMs);
  const isAfter = (a: number, b: number): boolean => (mode.bounds === "inclusive" ? a >= b : a > b);
  const { fromDate, toDate, date } = args;
  if (isGiven(fromDate))
    keeps.push(({ createdMs }) => createdMs !== null && isAfter(compared(createdMs), fromDate!));
  if (isGiven(toDate))
    keeps.push(({ createdMs }) => createdMs !== null && isAfter(toDate!, compared(createdMs)));
  if (isGiven(date)) {
    const day = Math.floor(date! / 86_400_000);
    keeps.push(({ createdMs }) => createdMs !== null && Math.floor(createdMs / 86_400_000) === day);
  }
  return keeps;
}

function peopleFilters(args: ListingArgs, context: ListingContext): Keep[] {
  const keeps: Keep[] = [];
  const takesPart = (meeting: MeetingFacts, email: string): boolean =>
    meeting.organizerEmail === email || meeting.participants.includes(email);
  if (args.mine) keeps.push((meeting) => meeting.organizerEmail === context.accountEmail);
  if (isGiven(args.user_id)) {
    const email = context.emailOfUser(args.user_id!);
    if (email === undefined) throw notFound("User", args.user_id!);
    keeps.push((meeting) => takesPart(meeting, email));
  }
  const { organizers, participants } = args;
  if (organizers) keeps.push((meeting) => organizers.includes(meeting.organizerEmail ?? ""));
  if (participants)
    keeps.push((meeting) => meeting.participants.some((email) => participants.includes(email)));
  if (isGiven(args.organizer_email)) keeps.push((meeting) => meeting.organizerEmail === args.organizer_email);
  if (isGiven(args.participant_email))
    keeps.push((meeting) => meeting.participants.includes(args.participant_email!));
  if (isGiven(args.host_email)) keeps.push((meeting) => meeting.hostEmail === args.host_email);
  if (isGiven(args.channel_id)) keeps.push((meeting) => meeting.channelIds.includes(args.channel_id!));
  return keeps;
}

function textFilters(args: ListingArgs, context: ListingContext): Keep[] {
  const wanted = (args.keyword ?? args.title)?.toLowerCase();
  if (!wanted) return [];
  const scope = args.keyword ? (args.scope ?? "title") : "title";
  const inTitle: Keep = ({ title }) => title?.toLowerCase().includes(wanted) ?? false;
  const inText: Keep = ({ id }) =>
    context.body(id).sentences?.some((sentence) => sentence.text?.toLowerCase().includes(wanted)) ?? false;
  if (scope === "title") return [inTitle];
  return scope === "sentences" ? [inText] : [(meeting) => inTitle(meeting) || inText(meeting)];
}

/** The people of the team: the owner of the key, and everybody who organised a visible meeting. */
export function teamOf(
  visible: readonly MeetingFacts[],
  account: { id: string; email: string },
): Map<string, string> {
  const emailOfId = new Map([[account.id, account.email]]);
  for (const { organizerEmail } of visible) {
    if (organizerEmail && organizerEmail !== account.email) {
      emailOfId.set(String(userOf(organizerEmail)["user_id"]), organizerEmail);
    }
  }
  return emailOfId;
}
