import type { Issue } from "./issue.ts";

/** Issues in the ground and in concrete. */
export const GROUND_ISSUES: readonly Issue[] = [
  {
    topic: "Moisture in the slab",
    keyword: "slab moisture",
    trade: "concrete",
    kinds: ["site walk", "change order", "schedule"],
    opening: [
      "The moisture readings in {area} are still too high for the flooring adhesive.",
      "We took {count} more moisture tests in {area} and most of them failed.",
    ],
    question: [
      "How long would it take to dry by itself?",
      "Does the flooring manufacturer accept a mitigation coating?",
    ],
    answer: [
      "With the heat on and the doors closed, roughly {days} days, and nobody will guarantee that.",
      "Yes, they accept a two-part epoxy as long as a certified installer puts it down.",
    ],
    detail: [
      "Relative humidity in the slab is eighty-eight percent and the limit is eighty.",
      "The coating for that area is priced at {cost}.",
      "The worst readings are along the south wall where the rain came in during framing.",
    ],
    decision: [
      "coat the slab in {area} and start flooring on {date}",
      "run dehumidifiers for a week and test once more before we pay for a coating",
    ],
    action: "Book the certified installer for the moisture coating in {area}",
  },
  {
    topic: "Foundation permit comments",
    keyword: "foundation permit",
    trade: "earthwork",
    kinds: ["permit review", "schedule"],
    opening: [
      "The city sent back the foundation permit with {count} comments.",
      "Plan check is asking for a stamped letter from the geotechnical engineer before they release {area}.",
    ],
    question: [
      "Are any of the comments about the design, or is it all paperwork?",
      "What is the turnaround if we resubmit this week?",
    ],
    answer: [
      "Two are real: they want the surcharge from the neighbouring wall shown, and the drain outlet.",
      "They told me {days} working days, and that is without a second round.",
    ],
    detail: [
      "The reviewer is the same one we had last year and she answers her phone.",
      "The geotechnical engineer wants {cost} for the letter and a site visit.",
      "Without the release we can dig, but we cannot pour.",
    ],
    decision: [
      "answer every comment in one letter and resubmit by {date}",
      "ask for a counter appointment instead of waiting for the portal",
    ],
    action: "Resubmit the foundation package with the engineer's letter",
  },
  {
    topic: "Unforeseen rock in the trench",
    keyword: "rock excavation",
    trade: "earthwork",
    kinds: ["change order", "budget review", "site walk"],
    opening: [
      "{firm} hit rock in the utility trench near {area}.",
      "The trench by {area} turned into ledge about six feet down.",
    ],
    question: ["Did the borings show any of that?", "How many cubic yards are we talking about?"],
    answer: [
      "The closest boring is eighty feet away and stopped at five feet, so no.",
      "{sub} measured it with me this morning: around {count} yards so far.",
    ],
    detail: [
      "The unit price in the contract puts it at {cost} if the quantity holds.",
      "Hammering is allowed between nine and four because of the neighbours.",
      "We took photographs with a tape in every frame before anything was removed.",
    ],
    decision: [
      "treat it as a differing site condition and give notice today",
      "shift the line two feet east and go around the ledge",
    ],
    action: "Give the client written notice of the rock near {area}",
  },
  {
    topic: "Silica dust control",
    keyword: "silica dust",
    trade: "concrete",
    kinds: ["safety"],
    opening: [
      "The cutting at {area} was done dry on Tuesday, and the dust went everywhere.",
      "We measured silica at {area} and one sample came back above the action level.",
    ],
    question: ["Do the saws have working water feeds?", "Do we have fit tests for everyone on that crew?"],
    answer: [
      "They do, but the hose bib on that side was frozen, so they went without.",
      "For {count} of them. The two newest have not been tested.",
    ],
    detail: [
      "The vacuum shrouds are in the gang box and nobody had opened the packaging.",
      "{sub} agreed on the spot and sent for a water buffalo.",
      "Neighbours complained once, and the client forwarded it to us.",
    ],
    decision: [
      "stop all dry cutting and keep the water buffalo at {area} until the pipes are back",
      "test everybody on the crew before they cut again",
    ],
    action: "Arrange fit tests for the rest of {firm}'s crew",
  },
  {
    topic: "Elevator pit and inspection",
    keyword: "elevator",
    trade: "concrete",
    kinds: ["schedule", "permit review"],
    opening: [
      "The elevator company will not mobilise until the pit at {area} is dry.",
      "The state inspector for the elevator is booked out until {date}.",
    ],
    question: [
      "Is the water coming through the wall or up through the slab?",
      "Can we use the car as a construction hoist before that?",
    ],
    answer: [
      "Through a cold joint on the east side. It weeps after every storm.",
      "Only with a temporary permit and an operator, and that is {cost} a month.",
    ],
    detail: [
      "{firm} offered to inject the joint under their warranty.",
      "The sump is wired, but the alarm is not connected.",
      "The elevator is on the critical path with {days} days of float behind it.",
    ],
    decision: [
      "inject the joint this week and hold the inspection date we have",
      "apply for the temporary permit so that the finishes can go up by car",
    ],
    action: "Have the cold joint in the elevator pit injected",
  },
  {
    topic: "Storm drain connection",
    keyword: "storm drain",
    trade: "earthwork",
    kinds: ["permit review", "change order"],
    opening: [
      "The storm drain in the street is a foot shallower than the record drawing.",
      "We potholed the storm line outside {area}, and it is not where the city says.",
    ],
    question: ["Do we still have enough slope to connect?", "Does the city have to approve a new inlet?"],
    answer: [
      "At half a percent we do, if the last manhole moves uphill.",
      "They do, through the encroachment permit, and that is a {days} day review.",
    ],
    detail: [
      "The traffic control plan has to be stamped again because the lane closure grows.",
      "{firm} prices the extra manhole at {cost}.",
      "The gas main crosses right there, and the utility wants somebody on site when we dig.",
    ],
    decision: [
      "move the manhole and file the revised encroachment permit by {date}",
      "lower the outlet and ask the engineer for a minimum-slope letter",
    ],
    action: "File the revised encroachment permit for the storm drain",
  },
  {
    topic: "Accessible route and ramp slope",
    keyword: "accessible ramp",
    trade: "concrete",
    kinds: ["permit review", "site walk", "client call"],
    opening: [
      "I put a level on the ramp at {area}, and it reads eight point nine percent.",
      "The accessibility consultant flagged the landing at {area}.",
    ],
    question: ["Is it the whole run or just the top?", "Can it be ground down, or do we have to pour again?"],
    answer: [
      "Just the top six feet, where it was warped to meet the door.",
      "{firm} says grinding leaves it too thin. They would rather replace the panel.",
    ],
    detail: [
      "The maximum is eight point three three percent, and the inspector carries a digital level.",
      "The handrail extensions are twelve inches, so those are fine.",
      "Replacing the panel is {cost}, and {firm} is taking half of it.",
    ],
    decision: [
      "replace the top panel at {area} before the handrails go in",
      "grind the high spot and have the consultant check it before the inspector does",
    ],
    action: "Replace the out-of-slope ramp panel at {area}",
  },
  {
    topic: "Hazardous material survey",
    keyword: "asbestos survey",
    trade: "drywall",
    kinds: ["safety", "permit review", "budget review"],
    opening: [
      "The survey found asbestos in the floor mastic at {area}.",
      "Lab results are back from {area}: the pipe wrap is clean, the mastic is not.",
    ],
    question: [
      "Do we need to notify the air district before we touch it?",
      "Can the other trades keep working next to it?",
    ],
    answer: [
      "Yes, ten working days before abatement, and the form is half filled in.",
      "They can, on the other side of a sealed wall with its own entrance.",
    ],
    detail: [
      "The abatement bid is {cost}, and it is good for thirty days.",
      "About {count} square yards are affected, all under the old carpet.",
      "The client's budget has an allowance for it, but a smaller one.",
    ],
    decision: [
      "notify the air district today and start abatement on {date}",
      "encapsulate the mastic and leave it under the new floor, if the client's consultant agrees",
    ],
    action: "File the abatement notice for {area}",
  },
  {
    topic: "Dewatering and the groundwater permit",
    keyword: "dewatering",
    trade: "earthwork",
    kinds: ["permit review", "budget review", "safety"],
    opening: [
      "Groundwater at {area} came in two feet higher than the report.",
      "The pumps at {area} ran all weekend, and the discharge permit has a daily limit.",
    ],
    question: ["How close to the limit are we?", "Is the excavation stable with that much water?"],
    answer: [
      "Within ten percent, and that was a dry weekend.",
      "The shoring engineer looked at it. He wants readings on the monitoring points twice a day.",
    ],
    detail: [
      "The settling tank rental and the sampling come to {cost} a month.",
      "{firm} added a second well on the low side.",
      "One sample was cloudy, so we cleaned the tank before we pumped again.",
    ],
    decision: [
      "ask the water board for a higher limit and add a second tank",
      "pour the mud slab early, so that we pump for {days} days less",
    ],
    action: "Apply for the higher discharge limit",
  },
];
