// The colours of groups, from the page's theme, as the numbers that raster.js paints with.
import { node } from '../shared/dom.js';

const KINDS = ['--query', '--value', '--output', '--key', '--ink-soft', '--repeat', '--ink']; // as explorer/answers/vocabulary.py has them
const RISING = [null, 34, 56, 78, 100]; // how much of the colour the groups of a frequency have; the first has one of its own
const DIM = 22; // per cent of a colour that is left where it is dimmed

const hued = (hue) => `oklch(var(--curve-lightness) 0.13 ${hue})`;
const part = (name, share) => `color-mix(in oklab, ${name} ${share}%, var(--paper))`;

// A CSS colour for each of n groups.
export function groupColours(sort, n) {
  const each = (act) => Array.from({ length: n }, (_, group) => act(group));
  if (sort === 'kind') return each((group) => `var(${KINDS[group]})`);
  if (sort === 'space') return ['var(--key)', 'var(--query)'];
  if (sort === 'letter') return each((group) => (group ? hued((360 * (group - 1)) / (n - 1)) : 'var(--bar-cut)'));
  return each((group) => (group ? part('var(--query)', RISING[Math.round((group * (RISING.length - 1)) / (n - 1))]) : part('var(--key)', 75)));
}

export const dimmed = (colour) => part(colour, DIM);

// CSS colours as they are for `element` now, 0xAABBGGRR each.
export function resolved(element, colours) {
  const probe = node('i');
  probe.style.display = 'none';
  element.append(probe);
  const canvas = node('canvas');
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const known = colours.map((colour) => {
    probe.style.color = colour;
    pen.fillStyle = getComputedStyle(probe).color;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  });
  probe.remove();
  return known;
}
