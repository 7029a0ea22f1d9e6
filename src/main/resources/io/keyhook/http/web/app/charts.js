// Charts as SVG, drawn at the available width. The arrow keys move through the values, which screen readers announce: for them, a chart
// is a slider.
import { html, useLayoutEffect, useRef, useState } from './preact.js';
import { clock, compact, dateMinute, dateTime, day } from './format.js';

const HEIGHT = 150;
const LEFT = 56;
const BOTTOM = 22;
const TOP = 8;
const TICK_WIDTH = 84;

function useWidth() {
  const element = useRef();
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

/** The next round number at or above a value. */
function ceiling(max) {
  if (max <= 4) {
    return 4;
  }
  const power = 10 ** Math.floor(Math.log10(max));
  return [1, 2, 4, 6, 8, 10].map(step => step * power).find(step => step >= max);
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** The distances between ticks that are natural for people. */
const STEPS = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map(minutes => minutes * MINUTE)
  .concat([1, 2, 5, 7, 10].map(days => days * DAY));

/** Ticks at full hours or days of the user's time zone: the points in which one begins. @param most the maximum number of ticks */
function ticksOf(points, interval, most) {
  const step = STEPS.find(step => points.length * interval * 1000 / step <= most) ?? STEPS[STEPS.length - 1];
  const stepOf = time => Math.floor((time - new Date(time).getTimezoneOffset() * MINUTE) / step);
  return points.map(({ at }, i) => ({ at: Date.parse(at), i }))
    .filter(({ at }) => stepOf(at) !== stepOf(at - interval * 1000))
    .map(({ at, i }) => ({ i, text: step < DAY ? clock(at) : day(at) }));
}

/** A finger leaves the chart when it is lifted: what it has tapped stays. */
const hovers = event => event.pointerType !== 'touch';

/**
 * Values over time, as stacked bars or a line.
 *
 * @param points each with `at`
 * @param series {key, label, color: the name of a token}; a line has one
 * @param format of a value
 * @param linkTo returns the link to what is behind a point; without it, there is none
 * @param opens says what that is
 */
export function Chart({ label, points, series, line = false, format = compact, interval, linkTo, opens }) {
  const [element, width] = useWidth();
  /** The selected point's, which stays selected when a new one pushes it along. */
  const [activeAt, setActiveAt] = useState(null);
  const found = points.findIndex(({ at }) => at === activeAt);
  const active = found < 0 ? null : found;
  const setActive = i => setActiveAt(i === null ? null : points[i].at);
  /** On a touch screen, the first tap on a point shows its values. */
  const mayFollow = useRef(true);
  const plot = Math.max(0, width - LEFT - 4);
  const total = point => series.reduce((sum, { key }) => sum + (point[key] ?? 0), 0);
  const top = ceiling(Math.max(0, ...points.map(total)));
  const y = value => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const step = points.length ? plot / points.length : 0;
  const x = i => LEFT + i * step;
  const ticks = ticksOf(points, interval, Math.max(1, Math.floor(plot / TICK_WIDTH)));

  const pointed = event => {
    const box = event.currentTarget.getBoundingClientRect();
    const i = Math.floor((event.clientX - box.left - LEFT) / step);
    return i >= 0 && i < points.length ? i : null;
  };
  const href = i => linkTo && i !== null && series.some(({ key }) => points[i]?.[key] > 0) ? linkTo(points[i]) : null;
  const follow = i => {
    if (href(i)) {
      location.hash = href(i);
    }
  };
  const onPointerDown = event => {
    mayFollow.current = hovers(event) || pointed(event) === active;
  };
  const onClick = event => {
    setActive(pointed(event));
    if (mayFollow.current) {
      follow(pointed(event));
    }
  };
  const onKey = event => {
    const from = active ?? (event.key === 'ArrowRight' ? -1 : points.length);
    const next = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: points.length - 1 }[event.key];
    if (event.key === 'Enter') {
      follow(active);
    } else if (next !== undefined && points.length) {
      event.preventDefault();
      setActive(Math.min(points.length - 1, Math.max(0, next)));
    }
  };
  const onFocusOut = event => {
    if (!event.currentTarget.contains(event.relatedTarget)) {
      setActive(null);
    }
  };
  const point = active === null ? null : points[active];
  const spoken = point && `${dateTime(point.at)}: ${series.map(({ key, label }) =>
    `${label} ${point[key] == null ? 'none' : format(point[key])}`).join(', ')}`;
  return html`<figure class="chart" ref=${element} onPointerLeave=${event => hovers(event) && setActive(null)} onfocusout=${onFocusOut}>
    <figcaption class="legend">${series.map(({ key, label, color }) =>
      html`<span key=${key}><i class=${'swatch ' + color}></i>${label}</span>`)}</figcaption>
    <div class=${href(active) ? 'plot opens' : 'plot'} tabindex="0" role="slider" aria-valuemin="0"
        aria-valuemax=${Math.max(0, points.length - 1)} aria-valuenow=${active ?? 0} aria-valuetext=${spoken ?? 'No time selected'}
        aria-label=${`${label}. Left and right arrow keys go through the values.${linkTo ? ` Enter shows ${opens}.` : ''}`}
        onPointerDown=${onPointerDown} onClick=${onClick}
        onPointerMove=${event => hovers(event) && setActive(pointed(event))} onKeyDown=${onKey}>
      ${width > 0 && html`<svg width=${width} height=${HEIGHT} aria-hidden="true">
        ${[0, 0.5, 1].map(share => html`<g key=${share}>
          <line class="grid" x1=${LEFT} x2=${width} y1=${y(top * share)} y2=${y(top * share)} />
          <text class="tick" x=${LEFT - 8} y=${y(top * share) + 4} text-anchor="end">${format(top * share)}</text></g>`)}
        ${ticks.map(({ i, text }) => x(i) + 30 < width && html`<text key=${i} class="tick" x=${x(i)}
            y=${HEIGHT - 5}>${text}</text>`)}
        ${active !== null && html`<rect class="cursor" x=${x(active)} y=${TOP} width=${step}
            height=${HEIGHT - TOP - BOTTOM} />`}
        ${line ? html`<${Line} points=${points} series=${series[0]} x=${i => x(i) + step / 2} y=${y} />`
          : points.map((p, i) => html`<${Bar} key=${i} point=${p} series=${series} x=${x(i)} width=${step} y=${y} />`)}
      </svg>`}
      ${point && html`<div class="tip" aria-hidden="true" style=${tipPosition(x(active) + step / 2, width)}>
        <strong>${dateMinute(point.at)}</strong>
        ${series.map(({ key, label, color }) => html`<span key=${key}><i class=${'swatch ' + color}></i>${label}
          <b>${point[key] == null ? '–' : format(point[key])}</b></span>`)}
      </div>`}
    </div>
    ${href(active) && html`<a class="behind" href=${href(active)} onMouseDown=${event => event.preventDefault()}>Show ${opens}<span
      class="sr"> of ${dateTime(point.at)}</span></a>`}
  </figure>`;
}

function tipPosition(x, width) {
  return x > width / 2 ? { right: width - x + 10 + 'px' } : { left: x + 10 + 'px' };
}

function Bar({ point, series, x, width, y }) {
  const gap = width > 5 ? 1.5 : width > 3 ? 1 : 0.4;
  let below = 0;
  return series.map(({ key, color }) => {
    const value = point[key] ?? 0;
    const from = y(below);
    below += value;
    const height = value > 0 ? Math.max(1.5, from - y(below)) : 0;
    return height > 0 && html`<rect key=${key} class=${'fill ' + color} x=${x + gap / 2} y=${from - height}
      width=${Math.max(0.8, width - gap)} height=${height} />`;
  });
}

/** A line with a gap for missing values, and a dot for a value between two gaps. */
function Line({ points, series, x, y }) {
  let path = '';
  const dots = [];
  points.forEach((point, i) => {
    const value = point[series.key];
    if (value == null) {
      return;
    }
    const joined = i > 0 && points[i - 1][series.key] != null;
    path += `${joined ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    if (!joined && (i === points.length - 1 || points[i + 1][series.key] == null)) {
      dots.push(i);
    }
  });
  return html`<g><path class=${'line ' + series.color} d=${path || 'M0 0'} />
    ${dots.map(i => html`<circle key=${i} class=${'fill ' + series.color} cx=${x(i)} cy=${y(points[i][series.key])}
        r="2.5" />`)}</g>`;
}

const SPARK = { width: 120, height: 28 };

/** The last 24 hours of a webhook: one bar per hour, failures on top. */
export function Sparkline({ hours }) {
  const max = Math.max(1, ...hours.map(hour => hour.succeeded + hour.failed));
  const step = SPARK.width / hours.length;
  const sum = key => hours.reduce((sum, hour) => sum + hour[key], 0);
  const height = n => n > 0 ? Math.max(2, n / max * (SPARK.height - 3)) : 0;
  return html`<svg class="spark" viewBox=${`0 0 ${SPARK.width} ${SPARK.height}`} role="img"
    aria-label=${`Last 24 hours: ${sum('succeeded')} succeeded, ${sum('failed')} failed`}>
    <line class="grid" x1="0" x2=${SPARK.width} y1=${SPARK.height - 0.5} y2=${SPARK.height - 0.5} />
    ${hours.map((hour, i) => {
      const good = height(hour.succeeded);
      const bad = height(hour.failed);
      return html`<g key=${i}>
        <rect class="fill good" x=${i * step} y=${SPARK.height - 1 - good} width=${step - 1} height=${good} />
        <rect class="fill bad" x=${i * step} y=${SPARK.height - 1 - good - bad} width=${step - 1} height=${bad} /></g>`;
    })}
  </svg>`;
}
