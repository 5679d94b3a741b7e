import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Chart } from "../report/document.ts";

echarts.use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** Width of a drawing in its own units; the page scales it to the width there is, and a phone shows the narrow one. */
const WIDTHS = { wide: 720, narrow: 360 } as const;
const HEIGHT = 260;
/** A row of the legend of a narrow drawing, which takes two names. */
const LEGEND_ROW = 20;
/** Each bar of a chart that lies across, and what is around them. */
const ACROSS_ROW = 30;
const ACROSS_REST = 56;

/**
 * Colours are names that the page resolves, so that one drawing suits light, dark and paper. The library has to be given real
 * ones; these stand for the names and occur nowhere else.
 */
const INK = "#010203";
const LINE = "#010204";
const SERIES = ["#010205", "#010206", "#010207", "#010208", "#010209", "#01020a", "#01020b"] as const;

/** What stands for which name of the page's style. */
const NAMES = new Map<string, string>([
  [INK, "--ink-soft"],
  [LINE, "--line"],
  ...SERIES.map((color, place) => [color, `--series-${place + 1}`] as const),
]);

const WORDS = { color: INK, fontSize: 12 };

/** A chart as SVG markup without words for those who do not see it: the page gives them. */
export function svgOf(chart: Chart, width: keyof typeof WIDTHS): string {
  const isAcross = chart.form === "across";
  const height = isAcross ? ACROSS_REST + ACROSS_ROW * chart.categories.length : HEIGHT;
  const drawn = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTHS[width], height });
  drawn.setOption(optionOf(chart, width === "narrow"));
  const svg = drawn.renderToSVGString({ useViewBox: true });
  drawn.dispose();
  return named(svg);
}

function optionOf(chart: Chart, isNarrow: boolean): echarts.EChartsCoreOption {
  const isAcross = chart.form === "across";
  const [category, value] = [categoryAxis(chart, isAcross, isNarrow), valueAxis(chart, isAcross)];
  const hasLegend = chart.series.length > 1;
  const legendBelow = hasLegend && isNarrow ? Math.ceil(chart.series.length / 2) * LEGEND_ROW : 0;
  return {
    animation: false,
    color: [...SERIES],
    textStyle: { fontFamily: "system-ui, sans-serif", color: INK },
    // Where bars lie across, the figure beside the longest one needs room.
    grid: {
      // Widths of words are estimated: a wide font takes more than is reckoned with.
      left: isAcross ? 24 : 4,
      right: isAcross ? 64 : 12,
      top: isAcross ? 4 : 44 + legendBelow,
      bottom: isAcross ? 30 : 4,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
    ...(isAcross
      ? {}
      : {
          title: {
            text: chart.unit,
            left: 0,
            top: 4,
            padding: 4,
            textStyle: { ...WORDS, fontWeight: "normal" },
          },
        }),
    ...(hasLegend
      ? {
          legend: {
            ...(isNarrow ? { top: 24, left: 0 } : { top: 0, right: 8 }),
            icon: "roundRect",
            // The widths of words are estimated, and a font may be wider.
            itemGap: 32,
            itemWidth: 12,
            itemHeight: 12,
            textStyle: { color: INK, fontSize: 12 },
          },
        }
      : {}),
    xAxis: isAcross ? value : category,
    yAxis: isAcross ? category : value,
    series: chart.series.map(({ name, values }, place) => ({
      name,
      data: [...values],
      ...lookOf(chart, place),
    })),
  };
}

function categoryAxis(chart: Chart, isAcross: boolean, isNarrow: boolean): object {
  const isThinned = isNarrow && !isAcross;
  return {
    type: "category",
    data: chart.categories.map((category) => dayLabel(category)),
    inverse: isAcross,
    axisLine: { lineStyle: { color: LINE } },
    axisTick: { show: false },
    axisLabel: { color: INK, fontSize: 12, interval: isThinned ? "auto" : 0, hideOverlap: isThinned },
  };
}

function valueAxis(chart: Chart, isAcross: boolean): object {
  return {
    type: "value",
    ...(isAcross ? { name: chart.unit, nameLocation: "middle", nameGap: 26, nameTextStyle: WORDS } : {}),
    minInterval: isWhole(chart) ? 1 : 0,
    splitNumber: 4,
    splitLine: { show: !isAcross, lineStyle: { color: LINE } },
    axisLabel: { color: INK, fontSize: 12 },
  };
}

/** Marks and strokes tell lines apart where colours do not, and let one be seen below another. */
const STROKES = [
  { symbol: "circle", type: "solid" },
  { symbol: "rect", type: "solid" },
  { symbol: "triangle", type: "dashed" },
] as const;

function lookOf({ form, unit }: Chart, place: number): object {
  if (form === "lines") {
    const { symbol, type } = STROKES[place % STROKES.length] ?? STROKES[0];
    return { type: "line", symbol, symbolSize: 8, lineStyle: { width: 2, type }, connectNulls: false };
  }
  if (form === "stacked") return { type: "bar", stack: "all", barMaxWidth: 42 };
  if (form === "bars") return { type: "bar", barMaxWidth: 26, barGap: "10%" };
  return {
    type: "bar",
    barMaxWidth: 18,
    label: {
      show: true,
      position: "right",
      color: INK,
      fontSize: 12,
      formatter: ({ value }: { value: number }) => shown(value, unit),
    },
  };
}

/** A figure beside its bar, with the digits that matter. */
function shown(value: number, unit: string): string {
  if (unit !== "seconds") return value.toLocaleString("en-GB");
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} s`;
}

/** What is counted one by one. */
const WHOLE_UNITS: ReadonlySet<string> = new Set(["items", "failed attempts", "vectors"]);

function isWhole({ unit }: Chart): boolean {
  return WHOLE_UNITS.has(unit);
}

/** A day without its year: the page says which week it is. */
function dayLabel(category: string): string {
  const day = /^\d{4}-(\d{2})-(\d{2})$/.exec(category);
  if (day === null) return category;
  return new Date(`${category}T00:00:00Z`).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
}

/** The stand-ins replaced by the names of the page's style. */
function named(svg: string): string {
  let text = svg;
  for (const [color, name] of NAMES) text = text.replaceAll(color, `var(${name})`);
  return text;
}
