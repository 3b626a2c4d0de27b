// What of the page's style the map is painted with.
import { styleOf } from '../shared/canvas.js';

const NAMES = ['ink', 'ink-soft', 'paper', 'rule', 'wash', 'accent', 'query', 'key', 'value', 'output', 'bar', 'bar-cut', 'token-ink', 'font-mono'];

export function mapStyle(root) {
  const style = styleOf(root, NAMES);
  return {
    ...style,
    sans: style.family, mono: style['font-mono'] || 'monospace', soft: style['ink-soft'], barCut: style['bar-cut'], tokenInk: style['token-ink'],
    stream: style['ink-soft'],
  };
}
