import { filled } from '../shared/dom.js';

export default function mount({ element, props, watch }) {
  let stopped; // { job, stop }: notices of a job that was stopped may still be on their way

  const show = () => {
    const { job, n = 0, stop } = props.value || {};
    if (job && stop) stopped = { job, stop };
    const said = job && job === stopped?.job ? stopped.stop : stop; // without a job: stopped before it had said anything
    if (said) props.value = { text: filled(said, { n: job ? n : 0 }), kind: 'info', over: true };
    const { text = '', kind = 'info' } = props.value || {};
    const paragraph = element.querySelector('.notice');
    paragraph.textContent = kind === 'refusal' ? `⚠ ${text}` : text;
    paragraph.dataset.kind = kind;
  };
  watch('value', show);
  show();
}
