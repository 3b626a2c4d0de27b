let stopped; // { job, stop }: notices of a job that was stopped may still be on their way

const show = () => {
  const { job, n, stop } = props.value || {};
  if (job && stop) stopped = { job, stop };
  if (job && job === stopped?.job) props.value = { text: stopped.stop.replace('{n}', n), kind: 'info' };
  const { text = '', kind = 'info' } = props.value || {};
  const paragraph = element.querySelector('.notice');
  paragraph.textContent = kind === 'refusal' ? `⚠ ${text}` : text;
  paragraph.dataset.kind = kind;
};
watch('value', show);
show();
