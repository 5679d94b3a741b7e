/** The few ways in which the page makes and changes elements. Text goes in as text, so nothing that was said can become markup. */
import { placementOf } from "./merge.ts";
import { failureWords } from "./sentences.ts";

type Child = Node | string | null;

/** Make an element. An attribute that is false or null is left out; true is written without a value. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | boolean | null>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * The element of index.html with this id.
 *
 * @throws if it is not there, or of another kind
 */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} with the id ${id}`);
  return element;
}

/** Write a text where it differs; a live region stays silent, and a selection stands, as long as nothing changed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A moment that tells its exact time to whoever points at it. */
export function timeElement({ text, iso }: { text: string; iso: string }): HTMLTimeElement {
  return make("time", { datetime: iso, title: iso }, text);
}

/** What a button needs that asks the server for something: where its failure is said, and whom else it concerns. */
type Asking = { readonly outcome: HTMLElement; readonly failed: (error: unknown) => void };

/**
 * Have a press of a button ask the server, one at a time. It is not `disabled` meanwhile, which would take the focus away from
 * whoever pressed it. A failure is said in a sentence beside it.
 */
export function asksOnPress(
  button: HTMLButtonElement,
  { outcome, failed }: Asking,
  ask: () => Promise<void>,
): void {
  let isAsking = false;
  const press = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    button.setAttribute("aria-disabled", "true");
    try {
      await ask();
    } catch (error) {
      setText(outcome, `${failureWords(error)}.`);
      failed(error);
    } finally {
      isAsking = false;
      button.removeAttribute("aria-disabled");
    }
  };
  button.addEventListener("click", () => void press());
}

/** A row of a list that is refreshed. */
export type Row<Item> = { readonly element: HTMLElement; update(item: Item): void };

/** A list whose rows are kept by key between refreshes. */
export function keyedList<Item>(
  list: HTMLElement,
  keyOf: (item: Item) => string,
  makeRow: (item: Item) => Row<Item>,
): { show(items: readonly Item[]): void } {
  const rows = new Map<string, Row<Item>>();
  let shown: readonly string[] = [];
  const elementOf = (key: string | null): HTMLElement | null =>
    key === null ? null : (rows.get(key)?.element ?? null);
  return {
    show: (items) => {
      for (const item of items) {
        const row = rows.get(keyOf(item)) ?? makeRow(item);
        rows.set(keyOf(item), row);
        row.update(item);
      }
      const wanted = items.map(keyOf);
      const { remove, place } = placementOf(shown, wanted);
      for (const key of remove) {
        elementOf(key)?.remove();
        rows.delete(key);
      }
      for (const { key, before } of place) {
        const element = elementOf(key);
        if (element !== null) list.insertBefore(element, elementOf(before));
      }
      shown = wanted;
    },
  };
}
