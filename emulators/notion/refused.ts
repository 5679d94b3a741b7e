/** A control op, or a value in a seed, that cannot be carried out; the message is for a person. */
export class Refused extends Error {}
