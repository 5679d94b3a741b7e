/** What runs inside the browser: each function is sent there as text, so it uses nothing from outside of itself. */

/** Things to press or fill in that a screen reader could not name, and ids that are there twice. */
export function unnamedControls(): string[] {
  const controls = [...document.querySelectorAll<HTMLElement>("a, button, input, select, textarea, summary")];
  const nameOf = (control: HTMLElement): string => {
    const labels = "labels" in control ? [...((control as HTMLInputElement).labels ?? [])] : [];
    const text = labels.length > 0 ? labels.map((label) => label.textContent).join(" ") : control.textContent;
    return (control.getAttribute("aria-label") ?? text).trim();
  };
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  return [
    ...controls
      .filter((control) => nameOf(control) === "")
      .map((control) => `without a name: ${control.outerHTML.slice(0, 120)}`),
    ...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `twice: ${id}`),
  ];
}

/** Texts that stand out from what is behind them by less than 4.5 to 1. Source: WCAG 2.2, 1.4.3. */
export function faintTexts(): { looked: number; faint: string[] } {
  const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): string => {
    if (element === null) return "rgb(255, 255, 255)";
    const color = getComputedStyle(element).backgroundColor;
    return channels(color)[3] === 0 ? behind(element.parentElement) : color;
  };
  const contrast = (element: Element): number => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const hasText = (element: Element): boolean =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== "");
  const texts = [...document.body.querySelectorAll("*")].filter(
    (element) => element.checkVisibility() && (hasText(element) || element instanceof HTMLInputElement),
  );
  const faint = texts.filter((element) => contrast(element) < 4.5);
  return {
    looked: texts.length,
    faint: faint.map((element) => `${contrast(element).toFixed(2)}: ${element.outerHTML.slice(0, 120)}`),
  };
}

/** How much of the page lies beyond the right edge of the window, in CSS pixels. */
export function overflowPixels(): number {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}
