import type { Issue } from "./issue.ts";

/** Issues of money, people and the client. */
export const OFFICE_ISSUES: readonly Issue[] = [
  {
    topic: "Owner-requested layout change",
    keyword: "layout change",
    trade: "drywall",
    kinds: ["change order", "client call", "budget review"],
    opening: [
      "{client} would like to move the wall in {area} by about four feet.",
      "The client's new drawing turns part of {area} into two smaller rooms.",
    ],
    question: ["Is the ceiling grid already up there?", "Does that change the sprinkler layout as well?"],
    answer: [
      "The grid is up but the tiles are not, so it is a day of rework.",
      "It does. Two heads move, and that needs a small permit revision.",
    ],
    detail: [
      "{firm} priced the framing and board at {cost} before mark-up.",
      "The door hardware was ordered for the old layout and can be reused.",
      "If they decide after {date} the price goes up, because the paint will be on.",
    ],
    decision: [
      "send the change order with a price and {days} days, and hold the work until it is signed",
      "do the framing on time and material up to a limit the client signs today",
    ],
    action: "Send the priced change order for the layout of {area} to {client}",
  },
  {
    topic: "Contingency drawdown",
    keyword: "contingency",
    trade: "concrete",
    kinds: ["budget review", "client call"],
    opening: [
      "We have used a little over half of the contingency on {project}, and we are not half done.",
      "This month took another {cost} out of contingency.",
    ],
    question: [
      "What is still out there that could hit it?",
      "How does that compare with what we told {client} last month?",
    ],
    answer: [
      "The two I worry about are weather protection and the overtime for {firm}.",
      "It is within what we showed, but the forecast line is steeper now.",
    ],
    detail: [
      "There are {count} pending change orders, and I count them at their full value.",
      "Buyout savings put some money back, mostly on doors and hardware.",
      "The forecast at completion is three percent over the original budget.",
    ],
    decision: [
      "freeze the contingency for anything that is not a safety or a permit item",
      "show the client the forecast with and without the pending change orders",
    ],
    action: "Update the contingency log and send it to {client}",
  },
  {
    topic: "Subcontractor payment application",
    keyword: "payment application",
    trade: "plumbing",
    kinds: ["budget review"],
    opening: [
      "{firm} billed eighty percent of the rough-in and I walked it at sixty-five.",
      "The payment application from {firm} includes {cost} of stored material.",
    ],
    question: [
      "Do we have the bill of sale and the insurance certificate for what is stored?",
      "What happens if we cut the billing to what is in place?",
    ],
    answer: [
      "We have the certificate, but no bill of sale yet.",
      "{sub} will not love it, but the contract is clear, and the percentages are on the sheet.",
    ],
    detail: [
      "The lien waiver for last month came in two days ago.",
      "Retention stays at ten percent until the inspection passes.",
      "I marked up the schedule of values line by line so there is no argument.",
    ],
    decision: [
      "pay what is installed and the stored material once the bill of sale is here",
      "return the application with our percentages and a request to resubmit by {date}",
    ],
    action: "Return the marked-up payment application to {firm}",
  },
  {
    topic: "Exterior paint and finish samples",
    keyword: "finish samples",
    trade: "drywall",
    kinds: ["client call", "site walk"],
    opening: [
      "{client} saw the samples for {area} in daylight and is not sure about the grey.",
      "The mock-up at {area} is ready for a decision on colour and sheen.",
    ],
    question: [
      "When is the last day we can change it without losing time?",
      "Would the client accept the same colour one step lighter?",
    ],
    answer: [
      "The paint goes on order on {date}. After that it is a restocking fee.",
      "I think so. We put a lighter panel next to it, and that was the one everybody pointed at.",
    ],
    detail: [
      "The lighter one is in stock, so there is no lead time.",
      "The joints in the panel line up with the window heads now, which was the old complaint.",
      "A second mock-up costs {cost}, mostly for the lift.",
    ],
    decision: [
      "go one step lighter and keep the eggshell sheen",
      "leave the mock-up for a week and decide at the next call",
    ],
    action: "Order the chosen finish for {area}",
  },
  {
    topic: "Move-in date and phasing",
    keyword: "phasing",
    trade: "electrical",
    kinds: ["client call", "schedule"],
    opening: [
      "{client} needs to know if part of {project} can be occupied early.",
      "The client asked for keys to {area} before the rest is finished.",
    ],
    question: [
      "Would the building department give a temporary certificate for that?",
      "What about the fire alarm, does it work in part of the building?",
    ],
    answer: [
      "They would, if the exits are separate and the alarm is accepted.",
      "{firm} can commission that zone alone. It needs {days} extra days of programming.",
    ],
    detail: [
      "Deliveries would have to come through the back, which we control.",
      "The furniture truck is booked for {date} and cannot move easily.",
      "The insurance carrier wants a letter before anybody moves in.",
    ],
    decision: [
      "plan for early occupancy of {area} and write down what it depends on",
      "keep one date for the whole building and give the client a tour instead",
    ],
    action: "Write the phasing plan for {area} with its conditions",
  },
  {
    topic: "Overtime and crew size",
    keyword: "crew size",
    trade: "drywall",
    kinds: ["schedule", "budget review"],
    opening: [
      "{firm} has {count} people on site, and the plan called for twice that.",
      "We are losing about a day a week at {area} because the crew is too small.",
    ],
    question: ["When can they bring more people?", "Would two Saturdays close the gap?"],
    answer: [
      "{sub} says another job finishes on {date}, and then four more come over.",
      "Two Saturdays get us back {days} days. It would not cover all of it.",
    ],
    detail: [
      "Premium time is priced at {cost}, and they will share it.",
      "The bottleneck is taping, not hanging.",
      "If we let the painters start from the far end, they will not trip over each other.",
    ],
    decision: [
      "work two Saturdays and let the painters start from the far end",
      "send a notice to recover the schedule and ask for a written crew plan",
    ],
    action: "Get a written crew plan from {firm}",
  },
  {
    topic: "Punch list and turnover",
    keyword: "punch list",
    trade: "drywall",
    kinds: ["client call", "site walk", "schedule"],
    opening: [
      "The punch list for {area} is down to {count} items.",
      "The architect walked {area} and added a page to the punch list.",
    ],
    question: ["Which of those need a part we do not have?", "When does {client} want to walk it?"],
    answer: [
      "Mostly door closers, and one light fixture that came broken.",
      "On {date}, and they are bringing the people who will use it.",
    ],
    detail: [
      "{firm} left one man on site for touch-ups, and he is working through it room by room.",
      "The training for the building controls takes half a day and should be recorded.",
      "We hold {cost} of retention against the open items.",
    ],
    decision: [
      "close everything but the back-ordered parts before the walk",
      "turn over {area} room by room and sign each one as it is accepted",
    ],
    action: "Walk the punch list at {area} with {client}",
  },
  {
    topic: "Insurance certificate and worker orientation",
    keyword: "orientation",
    trade: "steel",
    kinds: ["safety", "budget review"],
    opening: [
      "{firm}'s insurance certificate ran out, and they still came to work.",
      "We turned away {count} people at the gate because they had no orientation sticker.",
    ],
    question: ["Can they be on site at all today?", "How often are we running orientation?"],
    answer: [
      "Not until the certificate is in the file. {sub} has the broker on the phone.",
      "Mondays and Thursdays at six-thirty. It was not enough last week.",
    ],
    detail: [
      "The umbrella limit in the new certificate has to be five million.",
      "The badge system can block a firm by itself, but nobody had switched that on.",
      "A lost day costs that crew around {cost}.",
    ],
    decision: [
      "switch on the block in the badge system and send expiry notices thirty days ahead",
      "add a third orientation each week until {date}",
    ],
    action: "Collect the renewed insurance certificate from {firm}",
  },
];
