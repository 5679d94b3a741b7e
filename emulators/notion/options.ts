import { uuidOf } from "./ids.ts";
import type { DataSource, Option, OptionGroup, Property, PropertyOf } from "./model.ts";
import type { World } from "./world.ts";

/** Options that a write will add to select and multi-select properties, by id of property. */
export type NewOptions = Map<string, Option[]>;

export type OptionProperty = PropertyOf<"select" | "multi_select" | "status">;

const COLORS = ["blue", "green", "yellow", "orange", "red", "pink", "purple", "brown", "gray", "default"];

/** The option of a name, whatever its case, or of an id; those about to be added included. */
export function findOption(
  property: OptionProperty,
  ref: { readonly id?: string | undefined; readonly name?: string | undefined },
  added?: NewOptions,
): Option | undefined {
  const options = [...property.options, ...(added?.get(property.id) ?? [])];
  if (ref.id !== undefined) return options.find(({ id }) => id === ref.id);
  const wanted = ref.name?.toLowerCase();
  return (
    options.find(({ name }) => name === ref.name) ?? options.find(({ name }) => name.toLowerCase() === wanted)
  );
}

/** Plan an option that a write creates. Nothing changes until `addOptions`. */
export function planOption(world: World, property: OptionProperty, name: string, added: NewOptions): Option {
  const planned = added.get(property.id) ?? [];
  const ordinal = property.options.length + planned.length;
  // The count of things made tells an option added again from the one that was removed.
  const label = `option ${name} of ${property.id}, after ${world.state.madeCount}`;
  const option = optionOf(world.state.seed, label, name, ordinal);
  added.set(property.id, [...planned, option]);
  return option;
}

export function optionOf(seed: number, label: string, name: string, ordinal: number): Option {
  return {
    id: uuidOf(seed, label),
    name,
    color: COLORS[ordinal % COLORS.length] ?? "default",
    description: null,
  };
}

/** The data source with the planned options added; the same if there are none. */
export function withOptions(dataSource: DataSource, added: NewOptions): DataSource {
  if (added.size === 0) return dataSource;
  const properties = dataSource.properties.map((property): Property => {
    const options = added.get(property.id);
    if (!options || !("options" in property)) return property;
    return { ...property, options: [...property.options, ...options] };
  });
  return { ...dataSource, properties };
}

/** What an empty status is: the first option of the group To-do, else the first of all. Source: reference 3. */
export function defaultStatus({ options, groups }: PropertyOf<"status">): Option | undefined {
  const first = groups.find(({ name }) => name === "To-do")?.optionIds[0];
  return options.find(({ id }) => id === first) ?? options[0];
}

/** The group with an option added. */
export function grouped(
  groups: readonly OptionGroup[],
  name: string,
  optionId: string,
): readonly OptionGroup[] {
  return groups.map((group) =>
    group.name === name ? { ...group, optionIds: [...group.optionIds, optionId] } : group,
  );
}
