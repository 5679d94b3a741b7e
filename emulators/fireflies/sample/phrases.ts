import type { MeetingKind } from "./issue.ts";

/*
 * Turns of talk that fit any issue. Slots: {owner} {other} {firm} {sub} {cost} {days} {date} {area} {project} {place}
 * {action} {decision} {topic} {client}.
 */

export const OPENINGS: Record<MeetingKind, readonly string[]> = {
  "site walk": [
    "All right, hard hats on. We start at {place} and work our way through.",
    "Morning, everyone. Let us walk it in the order of the list and take photographs as we go.",
  ],
  "permit review": [
    "Good morning. This is the permit review for {project}, and I have the comment letters on the screen.",
    "Thanks for joining. The goal today is to know who answers which comment, and by when.",
  ],
  "change order": [
    "Let us go through the open change orders for {project}. I would like a yes, a no, or a date for each.",
    "Thanks, all. We have a few changes on {project} that cannot wait for the next owner meeting.",
  ],
  "budget review": [
    "Okay, budget review for {project}. You all have the cost report from Friday.",
    "Let us look at the numbers for {project}, and then at what is behind them.",
  ],
  safety: [
    "Good morning. Before anything else: everybody went home in one piece last week, so thank you.",
    "Welcome to the safety meeting for {project}. Phones away for half an hour, please.",
  ],
  schedule: [
    "Let us look at the three-week look-ahead for {project}.",
    "Schedule meeting for {project}. I will share the bar chart, and we talk about what is red.",
  ],
  "client call": [
    "Hello, {client}, thank you for making the time. We have a short list for {project}.",
    "Good afternoon. This is our regular call about {project}. I will keep an eye on the clock.",
  ],
};

export const SMALL_TALK = [
  "Traffic on the bridge was terrible, so bear with me while I open my notes.",
  "Can everybody hear me? Good.",
  "I brought coffee, it is on the plan table.",
  "I have to leave five minutes early for an inspection.",
  "The recording is on, so that nobody has to take minutes.",
  "It is cold in the trailer today, the heater is on its way.",
] as const;

export const ROLL_CALL = [
  "{other} here, on the phone from the truck.",
  "I am on. {sub} is with me in the trailer.",
  "Here. I read the list last night.",
  "Good morning from the office.",
] as const;

export const AGENDA = [
  "On the list today: {list}.",
  "We have {countWord} things to get through: {list}.",
  "I would like to cover {list}, in that order.",
] as const;

export const TRANSITIONS = [
  "Next one: {topic}.",
  "Let us move on to {topic}.",
  "That brings us to {topic}.",
  "Okay. {topic} is next. Who wants to start?",
  "Now {topic}, which I know some of you have been waiting for.",
] as const;

export const ACKNOWLEDGEMENTS = [
  "That matches what I have.",
  "Understood.",
  "I was afraid of that.",
  "Thanks, that helps.",
  "Okay, that is clearer than the e-mail was.",
  "Right, I saw the photographs.",
  "That is the same thing we saw two weeks ago.",
  "Fair enough.",
] as const;

export const OBJECTIONS = [
  "I do not want to be the one who explains that to {client} without a piece of paper.",
  "My worry is that we pay for it twice if we rush.",
  "With respect, we said the same thing last month, and then it rained for nine days.",
  "I can live with it, as long as somebody writes down who decided.",
  "That only works if {firm} has the people, and today they do not.",
] as const;

export const REPLIES = [
  "That is a reasonable worry. Let us put a condition on it and a date.",
  "I hear you. I will call {sub} right after this and call you back.",
  "Then we write it down now, while everybody is here.",
  "If it is not settled by {date}, we come back to this group.",
  "Agreed. We tell them before they find out by themselves.",
] as const;

export const COST_TALK: readonly (readonly [string, string])[] = [
  [
    "What does that do to the budget?",
    "It is {cost}, and I would carry it in full until we have a signature.",
  ],
  [
    "Is {cost} the whole number, or is there more behind it?",
    "That is the number with mark-up and tax. I checked the labour hours against the last job.",
  ],
  ["Who pays for it?", "I would say we split it. {firm} already offered half, and the rest is contingency."],
  [
    "Did we compare that price with anybody?",
    "Two quotes. The other one was eleven percent higher and could not start for a month.",
  ],
];

export const SCHEDULE_TALK: readonly (readonly [string, string])[] = [
  [
    "What does it do to the end date?",
    "Nothing, as long as it is closed by {date}. After that it is day for day.",
  ],
  [
    "Is it on the critical path?",
    "Not today. It has {days} days of float, and I would like to keep half of that.",
  ],
  [
    "Can something else go ahead in the meantime?",
    "Yes. The crew can move to the other side and come back when it is released.",
  ],
  ["How sure are we about {date}?", "Eighty percent. I would tell the client the Friday after, to be safe."],
];

export const DECISIONS = [
  "So the decision is: we will {decision}.",
  "Then let us do it. We will {decision}.",
  "I think everybody agrees. We will {decision}.",
  "To be clear for the record, we will {decision}.",
] as const;

export const ACTIONS = [
  "{owner}, can you take that one? {action}, please, by {date}.",
  "The action is with {owner}: {action}. Due {date}.",
  "{action}. That is yours, {owner}, and I would like to see it by {date}.",
] as const;

export const ACCEPTED = [
  "Yes, I have it.",
  "Will do. I will copy everybody on the e-mail.",
  "On my list.",
  "Yes. If I get stuck I will say so before the weekend.",
] as const;

export const CLOSINGS = [
  "Before we close, let me repeat what we decided.",
  "Two minutes for the recap.",
  "Let me read the actions back, so that nobody is surprised.",
] as const;

export const FAREWELLS = [
  "That is all from me. Thank you, everybody.",
  "Good meeting. Be safe out there.",
  "Thanks, all. Same time next week.",
  "Then we are done early for once. Talk soon.",
] as const;
