// What decides how an element of ours looks. The library would copy all of the browser's 400 properties: ten times as slow.
const SIDES = ['top', 'right', 'bottom', 'left'];
const CORNERS = ['top-left', 'top-right', 'bottom-right', 'bottom-left'];

export const STYLES = [
  ...SIDES,
  ...SIDES.flatMap((side) => [`margin-${side}`, `padding-${side}`, `border-${side}-width`, `border-${side}-style`, `border-${side}-color`]),
  ...CORNERS.map((corner) => `border-${corner}-radius`),
  'display', 'position', 'float', 'clear', 'z-index', 'visibility', 'opacity', 'box-sizing', 'width', 'height', 'min-width', 'min-height', 'max-width', 'max-height',
  'overflow-x', 'overflow-y', 'clip-path', 'transform', 'transform-origin', 'object-fit', 'aspect-ratio', 'appearance', 'content',
  'flex-direction', 'flex-wrap', 'flex-grow', 'flex-shrink', 'flex-basis', 'order', 'row-gap', 'column-gap',
  'align-items', 'align-content', 'align-self', 'justify-items', 'justify-content', 'justify-self',
  'grid-template-columns', 'grid-template-rows', 'grid-auto-columns', 'grid-auto-rows', 'grid-auto-flow',
  'grid-column-start', 'grid-column-end', 'grid-row-start', 'grid-row-end',
  'border-collapse', 'border-spacing', 'table-layout', 'vertical-align', 'caption-side', 'list-style-type',
  'background-color', 'background-image', 'background-position', 'background-size', 'background-repeat', 'background-clip', 'box-shadow', 'filter',
  'outline-color', 'outline-offset', 'outline-style', 'outline-width', 'mix-blend-mode',
  'color', 'font-family', 'font-size', 'font-style', 'font-weight', 'font-variant-numeric', 'line-height', 'letter-spacing', 'direction', 'unicode-bidi',
  'text-align', 'text-indent', 'text-transform', 'text-overflow', 'text-wrap-mode', 'white-space-collapse', 'overflow-wrap', 'word-break', 'tab-size', 'writing-mode',
  'text-decoration-line', 'text-decoration-style', 'text-decoration-color', 'text-decoration-thickness', 'text-underline-offset',
  '-webkit-line-clamp', '-webkit-box-orient',
  'fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin', 'paint-order', 'text-anchor', 'dominant-baseline',
];
