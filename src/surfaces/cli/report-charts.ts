import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Chart } from "../report/document.ts";

echarts.use([BarChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);

/** Size of the drawing in its own units; the page scales it to the width there is. */
const WIDTH = 720;
const HEIGHT = 260;
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

/** A chart as SVG markup without words for those who do not see it: the page gives them. */
export function svgOf(chart: Chart): string {
  const isAcross = chart.form === "across";
  const height = isAcross ? ACROSS_REST + ACROSS_ROW * chart.categories.length : HEIGHT;
  const drawn = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  drawn.setOption(optionOf(chart));
  const svg = drawn.renderToSVGString({ useViewBox: true });
  drawn.dispose();
  return named(svg);
}

function optionOf(chart: Chart): echarts.EChartsCoreOption {
  const isAcross = chart.form === "across";
  const labels = chart.categories.map((category) => dayLabel(category));
  const category = {
    type: "category",
    data: labels,
    inverse: isAcross,
    axisLine: { lineStyle: { color: LINE } },
    axisTick: { show: false },
    axisLabel: { color: INK, fontSize: 12, interval: 0, hideOverlap: false },
  };
  const value = {
    type: "value",
    name: chart.unit,
    nameLocation: isAcross ? "middle" : "end",
    nameGap: isAcross ? 26 : 12,
    nameTextStyle: {
      color: INK,
      fontSize: 12,
      align: isAcross ? "center" : "left",
      padding: isAcross ? 0 : [0, 0, 0, -34],
    },
    minInterval: isWhole(chart) ? 1 : 0,
    splitNumber: 4,
    splitLine: { lineStyle: { color: LINE } },
    axisLabel: { color: INK, fontSize: 12 },
  };
  const hasLegend = chart.series.length > 1;
  return {
    animation: false,
    color: [...SERIES],
    textStyle: { fontFamily: "system-ui, sans-serif", color: INK },
    grid: {
      left: 8,
      right: 24,
      top: isAcross ? 4 : 44,
      bottom: isAcross ? 30 : 4,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
    ...(hasLegend
      ? {
          legend: {
            top: 0,
            right: 8,
            icon: "roundRect",
            itemWidth: 12,
            itemHeight: 12,
            textStyle: { color: INK, fontSize: 12 },
          },
        }
      : {}),
    xAxis: isAcross ? value : category,
    yAxis: isAcross ? category : value,
    series: chart.series.map(({ name, values }) => ({ name, data: [...values], ...lookOf(chart) })),
  };
}

function lookOf({ form, unit }: Chart): object {
  if (form === "lines")
    return { type: "line", symbol: "circle", symbolSize: 7, lineStyle: { width: 2 }, connectNulls: false };
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

function isWhole({ unit }: Chart): boolean {
  return unit !== "seconds" && unit !== "minutes";
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
