// What the map is painted with: the page's colours and its size of text.
import { colourOf } from '../shared/dom.js';

const TINTS = 12;

export function styleOf(root) {
  const colour = (name) => colourOf(root, `--${name}`);
  const computed = getComputedStyle(root);
  const dark = Boolean(root.closest('.dark'));
  return {
    size: parseFloat(computed.fontSize),
    sans: computed.fontFamily,
    mono: colour('font-mono') || 'monospace',
    theme: dark ? 'dark' : 'light',
    ink: colour('ink'), soft: colour('ink-soft'), paper: colour('paper'), rule: colour('rule'), wash: colour('wash'), accent: colour('accent'),
    query: colour('query'), key: colour('key'), value: colour('value'), output: colour('output'), bar: colour('bar'), barCut: colour('bar-cut'),
    stream: colour('ink-soft'), tokenInk: colour('token-ink'), veil: dark ? 'rgba(17, 19, 24, 0.7)' : 'rgba(255, 255, 255, 0.7)',
    tints: Array.from({ length: TINTS }, (_, tint) => colour(`token-${tint}`)),
  };
}
