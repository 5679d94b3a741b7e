import type { DataSource, Page, Property, PropertyOf, StoredValue } from "./model.ts";
import { defaultStatus, type NewOptions, withOptions } from "./options.ts";
import { plainStored } from "./plain-values.ts";
import { announceChange, announceSchema } from "./webhooks.ts";
import { authorOf, dataSourceOf, nextId, type World } from "./world.ts";

/** Who changes something, and when (exact world epoch ms). */
export type Change = { readonly by: string; readonly atMs: number };

type Values = Readonly<Record<string, StoredValue>>;

/** What a page has beside its values. */
export type PageMarks = Partial<
  Pick<
    Page,
    "isTrashed" | "isArchived" | "isLocked" | "icon" | "cover" | "dataSourceId" | "access" | "values"
  >
>;

/** Write values and marks to a page: one write, one moment, one author. Values must fit; nothing is checked here. */
export function changePage(
  world: World,
  page: Page,
  change: Change,
  what: { values?: Values; marks?: PageMarks },
): Page {
  const { values = {}, marks = {} } = what;
  const changed: Page = {
    ...page,
    ...marks,
    // Only a move replaces them all.
    values: marks.values ?? { ...page.values, ...values },
    editedMs: change.atMs,
    editedBy: change.by,
  };
  world.pages.put(changed, change.atMs);
  recordValues(world, page, values, change);
  announceChange(world, page, changed, { change, propertyIds: Object.keys(values) });
  return changed;
}

/** Make a page. Empty statuses get their default, and `unique_id` its number. */
export function createPage(
  world: World,
  dataSource: DataSource,
  change: Change,
  what: { values: Values; marks?: PageMarks; key?: string | null },
): Page {
  const number = dataSource.lastNumber + 1;
  world.catalog.putDataSource({ ...dataSource, lastNumber: number });
  const blank: Page = {
    id: nextId(world, "page"),
    key: what.key ?? null,
    dataSourceId: dataSource.id,
    values: {},
    createdMs: change.atMs,
    createdBy: change.by,
    editedMs: change.atMs,
    editedBy: change.by,
    isTrashed: false,
    isArchived: false,
    isLocked: false,
    access: "full",
    icon: null,
    cover: null,
    ...what.marks,
  };
  const page: Page = { ...blank, values: { ...what.values, ...givenToAll(dataSource, what.values, number) } };
  world.pages.put(page, change.atMs);
  recordValues(world, blank, what.values, change);
  announceChange(world, null, page, { change, propertyIds: [] });
  return page;
}

/** Values that every row of a data source has without anybody's doing. */
export function givenToAll(dataSource: DataSource, values: Values, number: number): Values {
  const given: Record<string, StoredValue> = {};
  for (const property of dataSource.properties) {
    if (property.type === "unique_id") given[property.id] = number;
    if (property.type === "status" && (values[property.id] ?? null) === null) {
      given[property.id] = defaultStatus(property)?.id ?? null;
    }
  }
  return given;
}

/** Remove a page for good, and what points at it. Nobody is told, and no time moves. */
export function removePage(world: World, page: Page): void {
  world.pages.remove(page.id);
  for (const property of dataSourceOf(world, page).properties) {
    if (property.type !== "relation" || property.mirrorId === null) continue;
    for (const id of idsIn(page.values[property.id])) unlink(world, id, property.mirrorId, page.id);
  }
}

function unlink(world: World, fromId: string, propertyId: string, targetId: string): void {
  const from = world.pages.get(fromId);
  if (!from) return;
  const left = idsIn(from.values[propertyId]).filter((id) => id !== targetId);
  world.pages.put({ ...from, values: { ...from.values, [propertyId]: left } }, world.nowMs());
}

/** Add planned options to the schema, and tell those who listen. */
export function addOptions(
  world: World,
  dataSource: DataSource,
  added: NewOptions,
  change: Change,
): DataSource {
  const changed = withOptions(dataSource, added);
  if (changed === dataSource) return dataSource;
  world.catalog.putDataSource(changed);
  const updated = changed.properties.filter(({ id }) => added.has(id));
  announceSchema(
    world,
    changed,
    change,
    updated.map(({ id, name }) => ({ id, name, action: "updated" })),
  );
  return changed;
}

/** Note every value written and follow relations to their mirrors. */
function recordValues(world: World, before: Page, values: Values, change: Change): void {
  for (const property of dataSourceOf(world, before).properties) {
    const value = values[property.id];
    if (value === undefined) continue;
    recordEdit(world, { page: before, property, value }, change);
    if (property.type === "relation" && property.mirrorId !== null) {
      mirror(world, { page: before, property, value }, change);
    }
  }
}

type Written<P extends Property> = { readonly page: Page; readonly property: P; readonly value: StoredValue };

function recordEdit(world: World, { page, property, value }: Written<Property>, change: Change): void {
  world.edits.append({
    atMs: change.atMs,
    pageId: page.id,
    propertyId: property.id,
    value: plainStored(world, property, value),
    previous: plainStored(world, property, page.values[property.id] ?? null),
    by: authorOf(world, change.by),
  });
}

/** The far sides of a relation that changed. Their time of editing stays, unless the behaviour says otherwise. */
function mirror(
  world: World,
  { page, property, value }: Written<PropertyOf<"relation">>,
  change: Change,
): void {
  const before = new Set(idsIn(page.values[property.id]));
  const after = new Set(idsIn(value));
  const mirrored = world.catalog
    .dataSource(property.dataSourceId)
    ?.properties.find(({ id }) => id === property.mirrorId);
  if (!mirrored) return;
  for (const id of new Set([...before, ...after])) {
    if (before.has(id) === after.has(id)) continue;
    const far = world.pages.get(id);
    if (!far) continue;
    const others = idsIn(far.values[mirrored.id]).filter((other) => other !== page.id);
    const linked = after.has(id) ? [...others, page.id] : others;
    recordEdit(world, { page: far, property: mirrored, value: linked }, change);
    const moved = world.state.behaviour.mirrorMovesTime ? { editedMs: change.atMs, editedBy: change.by } : {};
    const changed = { ...far, ...moved, values: { ...far.values, [mirrored.id]: linked } };
    world.pages.put(changed, change.atMs);
    announceChange(world, far, changed, { change, propertyIds: [mirrored.id] });
  }
}

function idsIn(value: StoredValue | undefined): readonly string[] {
  return (value ?? []) as readonly string[];
}
