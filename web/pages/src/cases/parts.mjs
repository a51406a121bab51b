// Modals, menus, hints, editors, charts.
import { find, html, press, style } from '../style.mjs';

export const parts = [
  {
    name: 'Micromodal, opened and closed',
    async mount(root) {
      const { default: Micromodal } = await import('micromodal');
      style('#modal { display: none } #modal.is-open { display: block; position: fixed; top: 200px; left: 20px; background: #eee; padding: 20px }');
      html(
        root,
        `<button id="open" data-micromodal-trigger="modal">Open</button><div id="modal" aria-hidden="true"><div role="dialog">Words. <button id="close" data-micromodal-close>Close</button></div></div>`,
      );
      Micromodal.init({ disableFocus: true });
    },
    press: ['#open', '#close'],
    broken: '#open',
    lookFor: 'when shown',
    times: 6,
    paceMs: 500,
  },
  {
    name: 'a11y-dialog, opened and closed',
    async mount(root) {
      const { default: A11yDialog } = await import('a11y-dialog');
      style('[aria-hidden=true] { display: none } #modal { position: fixed; top: 200px; left: 20px; background: #eee; padding: 20px }');
      html(root, '<button id="open">Open</button><div id="modal" aria-hidden="true"><div role="document">Words. <button id="close" data-a11y-dialog-hide>Close</button></div></div>');
      const dialog = new A11yDialog(find('#modal'));
      press('#open', () => dialog.show());
    },
    press: ['#open', '#close'],
    broken: '#open',
    lookFor: 'when shown',
    times: 4,
    paceMs: 500,
    twin: 'erroring',
  },
  {
    name: 'dialog of the browser',
    mount(root) {
      html(root, '<button id="open">Open</button><dialog id="box">Words. <button id="close">Close</button></dialog>');
      press('#open', () => find('#box').showModal());
      press('#close', () => find('#box').close());
    },
    press: ['#open', '#close'],
    broken: '#open',
    lookFor: 'when shown',
    times: 4,
    paceMs: 450,
  },
  {
    name: 'Tippy, shown by a press',
    async mount(root) {
      const [{ default: tippy }, { default: sheet }] = await Promise.all([import('tippy.js'), import('tippy.js/dist/tippy.css')]);
      style(sheet);
      html(root, '<button id="what" style="margin:60px">What is this?</button>');
      tippy('#what', { content: 'An explanation', trigger: 'click' });
    },
    press: '#what',
    times: 4,
    paceMs: 450,
  },
  {
    name: 'Bootstrap dropdown',
    async mount(root) {
      const [{ Dropdown }, { default: sheet }] = await Promise.all([import('bootstrap'), import('bootstrap/dist/css/bootstrap.css')]);
      style(sheet);
      html(root, '<div class="dropdown"><button class="btn dropdown-toggle" id="menu" data-bs-toggle="dropdown">Menu</button><ul class="dropdown-menu"><li><a class="dropdown-item" href="#a">A</a></li></ul></div>');
      Dropdown.getOrCreateInstance(find('#menu'));
    },
    press: '#menu',
    times: 4,
    paceMs: 400,
    twin: 'erroring',
    within: 'document',
  },
  {
    name: 'Bootstrap accordion',
    async mount(root) {
      const [{ Collapse }, { default: sheet }] = await Promise.all([import('bootstrap'), import('bootstrap/dist/css/bootstrap.css')]);
      style(sheet);
      html(root, '<button class="btn" id="more" data-bs-toggle="collapse" data-bs-target="#text">More</button><div class="collapse" id="text">A long explanation.</div>');
      Collapse.getOrCreateInstance(find('#text'), { toggle: false });
    },
    press: '#more',
    times: 3,
    paceMs: 600,
    within: 'document',
  },
  {
    name: 'Quill, bold and back',
    async mount(root) {
      const [{ default: Quill }, { default: sheet }] = await Promise.all([import('quill'), import('quill/dist/quill.snow.css')]);
      style(sheet);
      html(root, '<div id="text"><p>Some words to be edited.</p></div>');
      new Quill('#text', { theme: 'snow', modules: { toolbar: ['bold', { list: 'ordered' }] } }).setSelection(2, 6);
    },
    press: '.ql-bold',
    times: 4,
    paceMs: 350,
  },
  {
    name: 'Quill, the cursor set here and there',
    async mount(root) {
      const [{ default: Quill }, { default: sheet }] = await Promise.all([import('quill'), import('quill/dist/quill.snow.css')]);
      style(sheet);
      html(root, '<div id="text"><p>Some words to be edited, and some more of them.</p></div>');
      new Quill('#text', { theme: 'snow' });
    },
    press: ['.ql-editor p 0.1', '.ql-editor p 0.3', '.ql-editor p 0.5'],
    // Text that does not take a cursor is text.
    twin: null,
  },
  {
    name: 'CodeMirror, the cursor set here and there',
    async mount(root) {
      const [{ EditorView, basicSetup }, { javascript }] = await Promise.all([import('codemirror'), import('@codemirror/lang-javascript')]);
      new EditorView({ parent: root, doc: 'function one() {\n  return 1;\n}\n\nfunction two() {\n  return 2;\n}\n', extensions: [basicSetup, javascript()] });
    },
    press: ['.cm-line:nth-child(1) 0.1', '.cm-line:nth-child(2) 0.1', '.cm-line:nth-child(6) 0.1'],
    twin: null,
  },
  {
    name: 'CodeMirror, folded and unfolded',
    async mount(root) {
      const [{ EditorView, basicSetup }, { javascript }] = await Promise.all([import('codemirror'), import('@codemirror/lang-javascript')]);
      new EditorView({ parent: root, doc: 'function one() {\n  return 1;\n}\n', extensions: [basicSetup, javascript()] });
    },
    press: '.cm-foldGutter .cm-gutterElement:nth-child(2) span',
    times: 4,
    paceMs: 450,
    plain: true,
  },
  {
    name: 'Chart.js, a series hidden and shown',
    async mount(root) {
      const { Chart } = await import('chart.js/auto');
      html(root, '<div style="width:320px;height:200px"><canvas id="chart"></canvas></div>');
      new Chart(find('#chart'), {
        type: 'bar',
        data: { labels: ['a', 'b'], datasets: [{ label: 'sold', data: [3, 5] }] },
        options: { animation: false, maintainAspectRatio: false, onClick: (_event, _hit, chart) => (chart.data.datasets[0].data.push(4), chart.data.labels.push('c'), chart.update()) },
      });
    },
    press: '#chart',
    paceMs: 400,
    // Nobody can tell what a canvas would have shown.
    twin: null,
  },
];
