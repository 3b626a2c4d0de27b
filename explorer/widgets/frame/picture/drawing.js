// Figures that are drawings already: one <svg>, or plotly's layers of them. They stay drawings, with the page's colours written in.
import { attributed, svgNode } from '../../shared/dom.js';

// What a style sheet may decide about a shape or its text, and a file must say itself.
const SHAPE_STYLES = [
  'fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin', 'paint-order', 'opacity',
  'display', 'visibility', 'color', 'font-family', 'font-size', 'font-weight', 'font-style', 'font-variant-numeric', 'letter-spacing', 'text-anchor',
  'dominant-baseline', 'white-space-collapse', 'image-rendering', 'mix-blend-mode',
];

// The one <svg> or plotly figure that is all there is to see in `body`; null where there is more, or something else.
export function onlyDrawing(body) {
  let at = body;
  while (!at.matches('svg, .js-plotly-plot')) {
    const seen = [...at.children].filter(isSeen);
    const text = [...at.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
    if (seen.length !== 1 || text) return null;
    [at] = seen;
  }
  return at;
}

function isSeen(element) {
  const { width, height } = element.getBoundingClientRect();
  return width > 1 && height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
}

// A copy of `svg` that looks alike without the page.
export function recoloured(svg) {
  const copy = svg.cloneNode(true);
  const drawn = [svg, ...svg.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((part, index) => {
    const style = getComputedStyle(drawn[index]);
    for (const name of SHAPE_STYLES) part.style.setProperty(name, style.getPropertyValue(name));
  });
  return attributed(copy, { xmlns: 'http://www.w3.org/2000/svg', width: svg.clientWidth, height: svg.clientHeight });
}

// Plotly draws in layers that lie on one another: <svg> ones, and canvases for WebGL. What hovers is no part of the figure.
export function layersOf(plot) {
  const width = plot.clientWidth, height = plot.clientHeight;
  const layers = [...plot.querySelectorAll('svg.main-svg, .gl-container canvas')].map((layer) => {
    if (layer.matches('canvas')) return svgNode('image', { href: layer.toDataURL(), width: layer.clientWidth, height: layer.clientHeight });
    const copy = recoloured(layer);
    copy.style.removeProperty('background');
    for (const hovering of copy.querySelectorAll('.hoverlayer > *')) hovering.remove();
    return copy;
  });
  return svgNode('svg', { width, height, viewBox: `0 0 ${width} ${height}` }, ...layers);
}
