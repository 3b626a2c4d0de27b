// A figure as a file: its title and summary above what is drawn, on the ground of the page.
import { node, svgNode } from '../../shared/dom.js';
import { layersOf, onlyDrawing, recoloured } from './drawing.js';
import { STYLES } from './styles.js';

const MARGIN = 16;
const LEAST_WIDTH = 360; // room for a title above a narrow figure
// Sizes where the page's text has 16 pixels.
const TITLE = { size: 18, weight: 600, leading: 24 };
const SUMMARY = { size: 15, weight: 400, leading: 20 };
const MOST_PIXELS = 2 ** 26; // browsers refuse larger canvases
const MOST_SIDE = 16_000;

// Characters that XML does not have; tokens may hold them.
// eslint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

// { svg, width, height }: the text of an SVG file and its size in CSS pixels. body: the element that holds the figure.
export async function pictureOf(body, { title, summary, stale }) {
  const colours = getComputedStyle(body);
  const colour = (name) => colours.getPropertyValue(name).trim();
  const { drawn, width: inner, height } = await drawingOf(body);
  const width = Math.max(inner, LEAST_WIDTH) + 2 * MARGIN;
  const family = colours.fontFamily;
  const em = parseFloat(colours.fontSize) / 16;
  const heading = [
    { ...TITLE, text: title, fill: colour('--ink') },
    { ...SUMMARY, text: stale, fill: colour('--warn-ink'), weight: 600 },
    { ...SUMMARY, text: summary, fill: colour('--ink-soft') },
  ];
  let top = MARGIN;
  const lines = [];
  for (const { text, weight, fill, ...sizes } of heading) {
    const [size, leading] = [sizes.size * em, sizes.leading * em];
    for (const words of wrapped(text, `${weight} ${size}px ${family}`, width - 2 * MARGIN)) {
      top += leading;
      lines.push(svgNode('text', { x: MARGIN, y: top - 0.28 * leading, fill, 'font-size': size, 'font-weight': weight, 'font-family': family }, words));
    }
  }
  top += lines.length ? MARGIN / 2 : 0;
  const full = Math.ceil(top + height + MARGIN);
  drawn.setAttribute('x', MARGIN);
  drawn.setAttribute('y', top);
  const picture = svgNode(
    'svg',
    { viewBox: `0 0 ${width} ${full}`, width, height: full },
    svgNode('title', {}, title),
    svgNode('desc', {}, [stale, summary].filter(Boolean).join(' ')),
    svgNode('rect', { width, height: full, fill: colour('--paper') }),
    ...lines,
    drawn,
  );
  const svg = new XMLSerializer().serializeToString(picture).replace(NOT_XML, '\ufffd');
  return { svg, width, height: full };
}

// A Blob of `scale` pixels for one CSS pixel, fewer where a browser's canvas would be too small.
export async function pngOf({ svg, width, height }, scale) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg.toWellFormed ? svg.toWellFormed() : svg)}`;
  await image.decode();
  const fits = Math.min(scale, MOST_SIDE / width, MOST_SIDE / height, Math.sqrt(MOST_PIXELS / (width * height)));
  const canvas = node('canvas');
  canvas.width = Math.round(width * fits);
  canvas.height = Math.round(height * fits);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('The canvas gave no picture.'))), 'image/png');
  });
}

// The figure as one <svg>: a drawing as it is where there is nothing else, anything as the library pictures it.
async function drawingOf(body) {
  const only = onlyDrawing(body);
  if (only?.matches('svg')) return { drawn: recoloured(only), width: only.clientWidth, height: only.clientHeight };
  if (only) return { drawn: layersOf(only), width: only.clientWidth, height: only.clientHeight };
  const width = body.offsetWidth, height = body.offsetHeight;
  const drawn = await globalThis.modernScreenshot.domToForeignObjectSvg(body, {
    width,
    height,
    font: false,
    includeStyleProperties: STYLES,
    features: { restoreScrollPosition: true },
    style: { transform: 'none', margin: '0' },
  });
  return { drawn, width, height };
}

// Text in lines of at most `most` pixels.
function wrapped(text, font, most) {
  const pen = node('canvas').getContext('2d');
  pen.font = font;
  const lines = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    if (line && pen.measureText(line + word.trimEnd()).width > most) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return line ? [...lines, line.trimEnd()] : lines;
}
