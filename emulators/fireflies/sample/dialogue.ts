import type { Random } from "../../world/random.ts";
import {
  ACCOUNT_OWNER,
  ESTIMATOR,
  type Person,
  type Project,
  SAFETY_LEAD,
  SCHEDULER,
  SUBCONTRACTORS,
} from "./company.ts";
import type { Issue, MeetingKind } from "./issue.ts";
import { ISSUES } from "./issues.ts";
import * as phrases from "./phrases.ts";

/** What one person says without a pause: one or more sentences. */
type Turn = { speaker: Person; text: string };

/** What a meeting settled about one issue. Turn numbers point into the talk. */
export type Outcome = {
  topic: string;
  keyword: string;
  decision: string;
  action: string;
  owner: Person;
  due: string;
  /** The turn that opens the topic, and the one in which the action is given. */
  openingTurn: number;
  actionTurn: number;
};

/** A meeting as talk, before it has times. */
export type Talk = { turns: Turn[]; outcomes: Outcome[]; people: Person[] };

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"] as const;
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
const COUNT_WORDS = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
] as const;

/** Slots of one issue, equal wherever they are spoken. */
type Slots = Record<string, string>;

/** Replace `{name}` by its value; the first letter of a sentence becomes a capital. */
function fill(template: string, slots: Slots): string {
  const text = template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => slots[name] ?? whole);
  return text.replaceAll(
    /(^|[.!?] )([a-z])/g,
    (_whole, before: string, letter: string) => before + letter.toUpperCase(),
  );
}

function workday(fromMs: number, days: number): string {
  const day = new Date(fromMs + days * 86_400_000);
  const weekday = day.getUTCDay();
  const shifted = weekday === 0 ? 1 : weekday === 6 ? 2 : 0;
  const at = new Date(day.getTime() + shifted * 86_400_000);
  return `${WEEKDAYS[at.getUTCDay() - 1]} ${MONTHS[at.getUTCMonth()]!} ${at.getUTCDate()}`;
}

function dollars(random: Random): string {
  const thousands = random.chance(0.6) ? random.int(2, 48) : random.int(50, 240);
  const rest = random.pick([0, 0, 150, 400, 500, 750, 900]);
  return `$${thousands},${String(rest).padStart(3, "0")}`;
}

const firstName = (person: Person): string => person.name.replace(/^Dr\. /, "").split(" ")[0]!;

/** Who sits in a meeting of this kind, chair first. */
function peopleFor(kind: MeetingKind, project: Project, random: Random): Person[] {
  const { manager, superintendent, client, architect } = project;
  const extra: Record<MeetingKind, Person[]> = {
    "site walk": [superintendent, manager, architect],
    "permit review": [manager, architect, superintendent],
    "change order": [manager, ESTIMATOR, superintendent, client],
    "budget review": [manager, ESTIMATOR, ACCOUNT_OWNER],
    safety: [SAFETY_LEAD, superintendent, manager],
    schedule: [SCHEDULER, superintendent, manager],
    "client call": [manager, client, architect, ACCOUNT_OWNER],
  };
  const people = [...extra[kind]];
  if (random.chance(0.3) && !people.includes(ACCOUNT_OWNER)) people.push(ACCOUNT_OWNER);
  return people;
}

/** The issues of a meeting: those that fit its kind, in a random order, as many as asked for. */
export function issuesFor(kind: MeetingKind, count: number, random: Random): Issue[] {
  const fitting = random.shuffle(ISSUES.filter((issue) => issue.kinds.includes(kind)));
  const others = random.shuffle(ISSUES.filter((issue) => !issue.kinds.includes(kind)));
  return [...fitting, ...others].slice(0, count);
}

type Scene = { random: Random; kind: MeetingKind; project: Project; createdMs: number };

/** Invent the talk of one meeting about `issues`. */
export function inventTalk(scene: Scene, issues: readonly Issue[]): Talk {
  const { random, kind, project } = scene;
  const people = peopleFor(kind, project, random);
  for (const { trade } of issues.slice(0, 2)) {
    const { person } = SUBCONTRACTORS[trade];
    if (!people.includes(person) && kind !== "budget review") people.push(person);
  }
  const talk: Talk = { turns: [], outcomes: [], people };
  openTalk(talk, scene, issues);
  issues.forEach((issue, i) => discuss(talk, scene, issue, i > 0));
  closeTalk(talk, scene);
  return talk;
}

function projectSlots({ project }: Scene, people: readonly Person[]): Slots {
  const other = people[1] ?? people[0]!;
  const client = people.includes(project.client) ? firstName(project.client) : project.client.name;
  return { project: project.name, place: project.place, client, other: firstName(other), sub: "the foreman" };
}

function openTalk(talk: Talk, scene: Scene, issues: readonly Issue[]): void {
  const { random, kind } = scene;
  const [chair, ...rest] = talk.people as [Person, ...Person[]];
  const topics = issues.map(({ topic }) => lowerFirst(topic));
  const list =
    topics.length > 1 ? `${topics.slice(0, -1).join(", ")} and ${topics.at(-1)}` : (topics[0] ?? "");
  const slots = {
    ...projectSlots(scene, talk.people),
    list,
    countWord: COUNT_WORDS[topics.length] ?? String(topics.length),
  };
  const say = (speaker: Person, template: string): void =>
    void talk.turns.push({ speaker, text: fill(template, slots) });
  say(chair, random.pick(phrases.OPENINGS[kind]));
  say(rest.at(-1) ?? chair, random.pick(phrases.SMALL_TALK));
  if (rest.length > 1)
    say(rest[0]!, fill(random.pick(phrases.ROLL_CALL), { ...slots, other: firstName(rest[0]!) }));
  say(chair, random.pick(phrases.AGENDA));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Who plays which part in the talk about one issue. */
type Cast = { chair: Person; expert: Person; asker: Person; third: Person; owner: Person };

function castOf(talk: Talk, { random, project }: Scene, sub: Person): Cast {
  const chair = talk.people[0]!;
  const insiders = talk.people.slice(1).filter((person) => person !== project.client);
  const expert = talk.people.includes(sub) ? sub : random.pick(insiders.length > 0 ? insiders : talk.people);
  const asker = random.pick(
    talk.people.filter((person) => person !== expert).concat(talk.people.length > 1 ? [] : chair),
  );
  const third = random.pick(
    talk.people.filter((person) => person !== expert && person !== asker).concat(chair),
  );
  const owner = random.chance(0.7) || third === chair || third === project.client ? expert : third;
  return { chair, expert, asker, third, owner };
}

function issueSlots(talk: Talk, scene: Scene, issue: Issue, owner: Person): Slots {
  const { random, project, createdMs } = scene;
  const { firm, person: sub } = SUBCONTRACTORS[issue.trade];
  const slots: Slots = {
    ...projectSlots(scene, talk.people),
    area: random.pick(project.areas),
    firm,
    // Nobody speaks of himself by name.
    sub: talk.people.includes(sub) ? "the crew lead" : firstName(sub),
    days: COUNT_WORDS[random.int(3, 10)]!,
    count: String(random.int(4, 38)),
    cost: dollars(random),
    date: workday(createdMs, random.int(2, 19)),
    topic: lowerFirst(issue.topic),
    owner: firstName(owner),
  };
  const decision = lowerFirst(fill(random.pick(issue.decision), slots));
  return { ...slots, decision, action: fill(issue.action, slots) };
}

function discuss(talk: Talk, scene: Scene, issue: Issue, needsTransition: boolean): void {
  const { random } = scene;
  const cast = castOf(talk, scene, SUBCONTRACTORS[issue.trade].person);
  const slots = issueSlots(talk, scene, issue, cast.owner);
  const say = (speaker: Person, ...templates: string[]): void =>
    void talk.turns.push({ speaker, text: templates.map((template) => fill(template, slots)).join(" ") });
  if (needsTransition) say(cast.chair, random.pick(phrases.TRANSITIONS));
  const openingTurn = talk.turns.length;
  explore(scene, issue, cast, say);
  say(cast.chair, random.pick(phrases.DECISIONS), random.pick(phrases.ACTIONS));
  const actionTurn = talk.turns.length - 1;
  say(cast.owner, random.pick(phrases.ACCEPTED));
  talk.outcomes.push({
    topic: issue.topic,
    keyword: issue.keyword,
    decision: slots["decision"]!,
    action: slots["action"]!,
    owner: cast.owner,
    due: slots["date"]!,
    openingTurn,
    actionTurn,
  });
}

type Say = (speaker: Person, ...templates: string[]) => void;

/** Facts, questions, money and time, and sometimes an objection: all that comes before a decision. */
function explore({ random }: Scene, issue: Issue, { chair, expert, asker, third }: Cast, say: Say): void {
  const details = random.shuffle(issue.detail);
  const questions = random.shuffle(issue.question.map((text, i) => [text, issue.answer[i]!] as const));
  say(expert, random.pick(issue.opening), details[0]!);
  if (random.chance(0.7)) say(third, random.pick(phrases.ACKNOWLEDGEMENTS));
  say(asker, questions[0]![0]);
  say(expert, questions[0]![1], details[1]!);
  if (random.chance(0.65)) {
    say(third, questions[1]![0]);
    say(expert, questions[1]![1]);
  }
  const exchanges = random.shuffle([random.pick(phrases.COST_TALK), random.pick(phrases.SCHEDULE_TALK)]);
  for (const [question, answer] of exchanges.slice(0, random.int(1, 2))) {
    say(asker, question);
    say(random.chance(0.5) ? expert : third, answer);
  }
  if (details[2]) say(expert, details[2]);
  if (random.chance(0.55)) {
    say(third, random.pick(phrases.OBJECTIONS));
    say(chair, random.pick(phrases.REPLIES));
  }
}

function closeTalk(talk: Talk, { random }: Scene): void {
  const [chair, second] = talk.people as [Person, Person?];
  talk.turns.push({ speaker: chair, text: random.pick(phrases.CLOSINGS) });
  for (const { topic, decision, action, owner, due } of talk.outcomes) {
    const text = `On ${lowerFirst(topic)}, we will ${decision}. ${firstName(owner)}: ${lowerFirst(action)}, by ${due}.`;
    talk.turns.push({ speaker: chair, text });
  }
  talk.turns.push({ speaker: second ?? chair, text: "That is how I have it, too." });
  talk.turns.push({ speaker: chair, text: random.pick(phrases.FAREWELLS) });
}
