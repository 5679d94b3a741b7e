/*
 * The invented company of the sample workspace: a general contractor with ten people in the office and on site, eight
 * projects, and the clients, architects and subcontractors around them. Names and addresses belong to nobody.
 */

/** Somebody who speaks in meetings. */
export type Person = { name: string; email: string; role: string };

/** A building under way, with the people outside the company who have a say in it. */
export type Project = {
  name: string;
  place: string;
  client: Person;
  architect: Person;
  superintendent: Person;
  manager: Person;
  /** Parts of the building that people talk about. */
  areas: readonly string[];
};

const DOMAIN = "alderbrook.example";

function staff(name: string, role: string): Person {
  return { name, role, email: `${name.toLowerCase().replaceAll(" ", ".")}@${DOMAIN}` };
}

function outside(name: string, role: string, domain: string): Person {
  const mailbox = name.replace("Dr. ", "").toLowerCase().replaceAll("'", "").replaceAll(" ", ".");
  return { name, role, email: `${mailbox}@${domain}` };
}

const maya = staff("Maya Lindqvist", "project manager");
const owen = staff("Owen Tremblay", "project manager");
const priya = staff("Priya Raman", "project manager");
const luis = staff("Luis Ortega", "superintendent");
const hank = staff("Hank Dorsey", "superintendent");
const tessa = staff("Tessa Novak", "superintendent");

/** The owner of the key: records and organises much of what is here. */
export const ACCOUNT_OWNER = staff("Dana Whitfield", "operations director");

/** People who come to meetings of their own kind on every project. */
export const SAFETY_LEAD = staff("Gloria Mensah", "safety lead");
export const ESTIMATOR = staff("Ben Okafor", "estimator");
export const SCHEDULER = staff("Ingrid Sato", "scheduler");

/** Everything under way. */
export const PROJECTS: readonly Project[] = [
  {
    name: "Harbour Street Apartments",
    place: "18 Harbour Street",
    client: outside("Rachel Adeyemi", "client", "northquay.example"),
    architect: outside("Felix Brandt", "architect", "studiobrandt.example"),
    superintendent: luis,
    manager: maya,
    areas: [
      "the parking podium",
      "level two",
      "the north stair",
      "the roof deck",
      "the lobby",
      "units 301 to 308",
    ],
  },
  {
    name: "Cedar Ridge Elementary",
    place: "the Cedar Ridge campus",
    client: outside("Tom Valdez", "district facilities", "cedarridgeschools.example"),
    architect: outside("Noor Haddad", "architect", "haddadpartners.example"),
    superintendent: hank,
    manager: owen,
    areas: [
      "the gym",
      "the classroom wing",
      "the kitchen",
      "the library",
      "the bus loop",
      "the east corridor",
    ],
  },
  {
    name: "Marlow Medical Pavilion",
    place: "Marlow Avenue",
    client: outside("Dr. Helen Choi", "clinic director", "marlowhealth.example"),
    architect: outside("Sam Petrov", "architect", "petrovarch.example"),
    superintendent: tessa,
    manager: priya,
    areas: [
      "the imaging suite",
      "the mechanical penthouse",
      "exam pod B",
      "the pharmacy",
      "the loading dock",
      "the basement",
    ],
  },
  {
    name: "Union Depot Renovation",
    place: "the old depot",
    client: outside("Carl Jessup", "city project office", "cityworks.example"),
    architect: outside("Amelie Rousseau", "preservation architect", "rousseauheritage.example"),
    superintendent: luis,
    manager: owen,
    areas: [
      "the waiting hall",
      "the clock tower",
      "the baggage wing",
      "platform one",
      "the slate roof",
      "the ticket office",
    ],
  },
  {
    name: "Kestrel Logistics Warehouse",
    place: "the Kestrel yard",
    client: outside("Brenda Kowalski", "client", "kestrellogistics.example"),
    architect: outside("Jin Park", "architect", "parkindustrial.example"),
    superintendent: hank,
    manager: maya,
    areas: [
      "dock doors one to twelve",
      "the tilt-up panels",
      "the cold room",
      "the office mezzanine",
      "the truck court",
      "the fire pump house",
    ],
  },
  {
    name: "Willow Creek Townhomes",
    place: "Willow Creek phase two",
    client: outside("Greg Santoro", "developer", "santorohomes.example"),
    architect: outside("Lena Fischer", "architect", "fischerdesign.example"),
    superintendent: tessa,
    manager: priya,
    areas: [
      "building four",
      "building five",
      "the retaining wall",
      "the shared garage",
      "the model unit",
      "the creek path",
    ],
  },
  {
    name: "Bayview Library Annex",
    place: "Bayview Park",
    client: outside("Joan Albright", "library board", "bayviewlibrary.example"),
    architect: outside("Felix Brandt", "architect", "studiobrandt.example"),
    superintendent: luis,
    manager: maya,
    areas: [
      "the reading room",
      "the glass link",
      "the archive vault",
      "the children's room",
      "the terrace",
      "the service yard",
    ],
  },
  {
    name: "Fulton Street Offices",
    place: "240 Fulton Street",
    client: outside("Victor Nguyen", "tenant representative", "fultonpartners.example"),
    architect: outside("Noor Haddad", "architect", "haddadpartners.example"),
    superintendent: hank,
    manager: priya,
    areas: [
      "the sixth floor",
      "the seventh floor",
      "the core restrooms",
      "the server room",
      "the reception",
      "the terrace doors",
    ],
  },
];

/** Subcontractors by trade; the person is the one who comes to meetings. */
export const SUBCONTRACTORS = {
  electrical: {
    firm: "Brightline Electric",
    person: outside("Marcus Bell", "electrical foreman", "brightline.example"),
  },
  mechanical: {
    firm: "Polar Mechanical",
    person: outside("Yuki Tanaka", "mechanical lead", "polarmech.example"),
  },
  plumbing: {
    firm: "Copperhead Plumbing",
    person: outside("Dale Whitaker", "plumbing foreman", "copperhead.example"),
  },
  concrete: {
    firm: "Granite State Concrete",
    person: outside("Rosa Delgado", "concrete foreman", "granitestate.example"),
  },
  steel: { firm: "Ironwood Steel", person: outside("Piotr Zielinski", "steel erector", "ironwood.example") },
  roofing: { firm: "Summit Roofing", person: outside("Kayla Brooks", "roofing lead", "summitroof.example") },
  glazing: { firm: "Clearspan Glass", person: outside("Andre Laurent", "glazing lead", "clearspan.example") },
  drywall: {
    firm: "Keystone Interiors",
    person: outside("Mike O'Hara", "drywall foreman", "keystoneint.example"),
  },
  earthwork: {
    firm: "Redfield Earthworks",
    person: outside("Sonia Petersen", "earthwork lead", "redfield.example"),
  },
} as const;

/** Kinds of subcontractors. */
export type Trade = keyof typeof SUBCONTRACTORS;
