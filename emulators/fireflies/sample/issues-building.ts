import type { Issue } from "./issue.ts";

/** Issues of the building above ground. */
export const BUILDING_ISSUES: readonly Issue[] = [
  {
    topic: "Switchgear lead time",
    keyword: "switchgear",
    trade: "electrical",
    kinds: ["schedule", "client call", "change order"],
    opening: [
      "The switchgear slipped again. The factory now says {days} working days later than the last promise.",
      "Bad news on the switchgear for {area}: the supplier moved the ship date to {date}.",
    ],
    question: [
      "Can we energise any part of the building without it?",
      "Is there another vendor who could deliver sooner?",
    ],
    answer: [
      "{firm} can set a temporary panel that carries lighting and the hoist, but not the air handlers.",
      "We asked two other vendors and both quoted longer than what we have.",
    ],
    detail: [
      "The submittal was approved on the first round, so the delay is all at the factory.",
      "The breakers are here; it is the enclosure that is missing.",
      "Temporary power costs about {cost} for that period, rental and fuel included.",
    ],
    decision: [
      "rent the temporary panel and keep the permanent gear on its new date",
      "split the delivery and take the breakers and bus first",
    ],
    action: "Get the new ship date of the switchgear from {firm} in writing",
  },
  {
    topic: "Fire-stopping at penetrations",
    keyword: "fire-stopping",
    trade: "mechanical",
    kinds: ["permit review", "site walk", "safety"],
    opening: [
      "The inspector counted {count} open penetrations above the ceiling in {area}.",
      "We failed the above-ceiling inspection in {area} because of fire-stopping.",
    ],
    question: [
      "Who is responsible for those holes, us or {firm}?",
      "Do we have a listed assembly for the plastic pipe?",
    ],
    answer: [
      "The contract says each trade seals its own, and most of them are {firm}'s.",
      "There is a listed collar for it. {sub} has the data sheet and will send it.",
    ],
    detail: [
      "Three of the holes are larger than the listed system allows and need an engineering judgment.",
      "The inspector will come back on {date} if we call by noon the day before.",
      "Labels are missing on about half of the seals that were done.",
    ],
    decision: [
      "seal everything in {area} before {date} and photograph each one with its label",
      "bring in one fire-stopping crew for all trades and back-charge the hours",
    ],
    action: "Send the penetration log with photographs to the inspector",
  },
  {
    topic: "Near miss at the hoist",
    keyword: "near miss",
    trade: "steel",
    kinds: ["safety", "site walk"],
    opening: [
      "We had a near miss at {area}: a bundle shifted while it was in the air.",
      "A wrench came off the deck above {area} and landed inside the barricade, not on anybody.",
    ],
    question: ["Was the drop zone closed at the time?", "Who was the signal person?"],
    answer: [
      "It was taped but not guarded, and two people walked through it.",
      "It was a new man on {firm}'s crew. He is qualified, but he had not been through our orientation.",
    ],
    detail: [
      "Nobody was hurt, and we stopped the crew for the rest of the morning.",
      "The rigging was inspected that day and the sling was in good order.",
      "We found {count} tools on that deck without a tether.",
    ],
    decision: [
      "put a guard at the drop zone for every lift and tether every tool above the first floor",
      "repeat the lift orientation for the whole crew before the next pick on {date}",
    ],
    action: "Write the near-miss report for {area} and share it at the toolbox talk",
  },
  {
    topic: "Fall protection on the roof edge",
    keyword: "fall protection",
    trade: "roofing",
    kinds: ["safety", "site walk"],
    opening: [
      "I saw {count} people near the roof edge at {area} without being tied off.",
      "The guardrail at {area} was taken down for a delivery and never put back.",
    ],
    question: ["Are there enough anchors for a crew that size?", "Did {firm} give us a rescue plan?"],
    answer: [
      "There are enough, but they are on the wrong side of the skylights, so people unhook.",
      "They have one on file from another job. It has the wrong address on it.",
    ],
    detail: [
      "Two harnesses were out of inspection date and I cut them up on the spot.",
      "The wind limit for sheet material is twenty-five miles an hour, and we were close to it yesterday.",
      "Moving the anchors costs about {cost} and takes a morning.",
    ],
    decision: [
      "move the anchors before anybody works that edge again",
      "require the guardrail to be signed out and signed back in",
    ],
    action: "Get a site-specific rescue plan from {firm}",
  },
  {
    topic: "Curtain wall water test",
    keyword: "water test",
    trade: "glazing",
    kinds: ["site walk", "schedule", "client call"],
    opening: [
      "The water test at {area} leaked at two corners.",
      "{firm} ran the hose test at {area} and we had water on the inside sill within minutes.",
    ],
    question: ["Is it the sealant or the frame?", "Do we have to test the whole elevation again?"],
    answer: [
      "{sub} thinks it is the corner key. The sealant was skipped behind it.",
      "The architect will accept a retest of those bays and one more that she picks.",
    ],
    detail: [
      "There are {count} corners built the same way, so we should assume they all have it.",
      "The repair is a half day per bay from the swing stage.",
      "Drywall on that wall has to wait, and that costs {days} days if we do nothing else.",
    ],
    decision: [
      "open every corner on that elevation, seal it, and retest on {date}",
      "let the drywall start on the opposite wall while the corners are repaired",
    ],
    action: "Schedule the retest at {area} with the architect",
  },
  {
    topic: "Roof membrane before the rain",
    keyword: "roof membrane",
    trade: "roofing",
    kinds: ["schedule", "site walk"],
    opening: [
      "There is a week of rain in the forecast and {area} is not dried in.",
      "{firm} wants to start the membrane at {area}, but the deck is still wet in the mornings.",
    ],
    question: [
      "Can we get the base sheet down before {date}?",
      "What is the minimum temperature for the adhesive?",
    ],
    answer: [
      "If the crew works Saturday, yes, everything but the parapet.",
      "Forty degrees and rising, and we have that after ten in the morning.",
    ],
    detail: [
      "Saturday work is {cost} in premium time.",
      "The drains are set, but two of them have no strainers yet.",
      "The insulation is on site under tarps, and so far it is dry.",
    ],
    decision: [
      "pay the Saturday and dry in {area} ahead of the rain",
      "tarp the open deck and start the membrane when three dry days are in a row",
    ],
    action: "Confirm the Saturday crew with {firm}",
  },
  {
    topic: "Duct and beam conflict",
    keyword: "duct conflict",
    trade: "mechanical",
    kinds: ["site walk", "change order", "schedule"],
    opening: [
      "The main duct at {area} runs straight into a beam.",
      "Coordination missed one: the supply duct and the transfer beam want the same space at {area}.",
    ],
    question: [
      "Can the duct go flat and wide below it?",
      "Would the structural engineer let us cut a hole in the web?",
    ],
    answer: [
      "We lose four inches of ceiling, and the architect has to agree.",
      "He would, with a reinforced opening, and the shop drawing takes {days} days.",
    ],
    detail: [
      "{sub} has the fittings on a truck and would rather not send them back.",
      "A reinforced opening is about {cost} with the field welding.",
      "The ceiling there was drawn at nine feet six, and the code needs eight.",
    ],
    decision: [
      "flatten the duct and lower the ceiling in {area} by four inches",
      "cut the reinforced opening and keep the ceiling where it is",
    ],
    action: "Send the request for information about the duct at {area}",
  },
  {
    topic: "Steel delivery and crane time",
    keyword: "crane",
    trade: "steel",
    kinds: ["schedule", "safety", "site walk"],
    opening: [
      "The steel for {area} comes in {count} loads, and the street only takes one truck at a time.",
      "We have the crane until {date}, and after that it goes to another job.",
    ],
    question: ["Is the lane closure approved for those days?", "What if the wind takes a day from us?"],
    answer: [
      "It is, from seven to three, with two flaggers.",
      "Then we lose the float. {sub} wants one spare day in the booking.",
    ],
    detail: [
      "Each extra crane day is {cost} with the operator.",
      "The heaviest pick is at eighty percent of the chart, so it is a critical lift with its own plan.",
      "The anchor bolts were surveyed, and two are out by half an inch.",
    ],
    decision: [
      "book one spare crane day and erect {area} from the back to the street",
      "shake out the steel in the yard, so the trucks turn around in twenty minutes",
    ],
    action: "Sign the critical lift plan with {firm}",
  },
  {
    topic: "Plumbing rough-in and water pressure",
    keyword: "water pressure",
    trade: "plumbing",
    kinds: ["site walk", "permit review", "change order"],
    opening: [
      "Static pressure at {area} is lower than the design assumed.",
      "The rough-in at {area} passed, but the inspector questioned the pressure on the top floor.",
    ],
    question: ["Do we need a booster pump?", "Could the city open the valve on the other main?"],
    answer: [
      "By the engineer's numbers, yes, a small one, unless the fixtures change.",
      "They are looking at it. {sub} met them at the vault on Monday.",
    ],
    detail: [
      "We read {count} pounds at the meter, over three mornings.",
      "A booster with its electrical connection is about {cost}.",
      "There is room for it next to the water heater, if the door swings the other way.",
    ],
    decision: [
      "leave the space and the circuit for a booster and wait for the city's answer until {date}",
      "buy the booster now, because the wall closes next week",
    ],
    action: "Get the city's answer about the second water main",
  },
];
