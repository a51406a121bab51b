// Answers that change no node.
import { find, html, press, style } from '../style.mjs';

const BUTTON = '<button id="b">Press</button>';

export const unseen = [
  {
    name: 'style alone: a menu that a hidden box opens',
    mount(root) {
      html(root, '<input type="checkbox" id="box" style="position:absolute;opacity:0"><label for="box" id="b" style="cursor:pointer">Menu</label><ul id="list"><li>one</li><li>two</li></ul>');
      style('#list { display: none } #box:checked ~ #list { display: block }');
    },
    press: '#b',
    paceMs: 350,
  },
  {
    name: 'style alone: a menu that stays open while it has the focus',
    mount(root) {
      html(root, `${BUTTON}<ul id="list"><li>one</li><li>two</li></ul><p>below</p>`);
      style('#list { display: none } #b:focus + #list { display: block }');
      find('#b').addEventListener('mousedown', (event) => {
        if (document.activeElement !== find('#b')) return;
        event.preventDefault();
        find('#b').blur();
      });
    },
    press: '#b',
    times: 4,
    paceMs: 450,
    // Taking the focus is all it does, and what dead buttons do as well.
    twin: null,
  },
  {
    name: 'a value stepped',
    mount(root) {
      html(root, `<input id="n" type="number" value="1"> ${BUTTON}`);
      press('#b', () => find('#n').stepUp());
    },
    press: '#b',
  },
  {
    name: 'a box marked as half',
    mount(root) {
      html(root, `<input id="n" type="checkbox"> ${BUTTON}`);
      press('#b', () => (find('#n').checked = !find('#n').checked));
    },
    press: '#b',
  },
  {
    name: 'a choice made by script',
    mount(root) {
      html(root, `<select id="n"><option>a</option><option>b</option><option>c</option></select> ${BUTTON}`);
      press('#b', () => (find('#n').selectedIndex = (find('#n').selectedIndex + 1) % 3));
    },
    press: '#b',
    twin: 'erroring',
  },
  {
    name: 'popover',
    mount(root) {
      html(root, '<button id="b" popovertarget="tip">What?</button><div id="tip" popover>This.</div>');
    },
    press: '#b',
    times: 4,
    paceMs: 400,
  },
  {
    name: 'details',
    mount(root) {
      html(root, '<details><summary id="b">More</summary>A long explanation.</details>');
    },
    press: '#b',
    times: 4,
    paceMs: 350,
  },
  {
    name: 'drawing on a canvas that stands still',
    mount(root) {
      html(root, `${BUTTON}<canvas id="c" width="200" height="60"></canvas>`);
      let x = 0;
      press('#b', () => find('#c').getContext('2d').fillRect((x += 9), 0, 6, 60));
    },
    press: '#b',
  },
  {
    name: 'drawing with WebGL',
    mount(root) {
      html(root, `${BUTTON}<canvas id="c" width="200" height="60"></canvas>`);
      const gl = find('#c').getContext('webgl', { preserveDrawingBuffer: true });
      const program = gl.createProgram();
      for (const [kind, text] of [
        [gl.VERTEX_SHADER, 'attribute float x; void main() { gl_Position = vec4(x, 0, 0, 1); gl_PointSize = 9.0; }'],
        [gl.FRAGMENT_SHADER, 'void main() { gl_FragColor = vec4(1, 0, 0, 1); }'],
      ]) {
        const shader = gl.createShader(kind);
        gl.shaderSource(shader, text);
        gl.compileShader(shader);
        gl.attachShader(program, shader);
      }
      gl.linkProgram(program);
      gl.useProgram(program);
      let x = -1;
      press('#b', () => {
        gl.vertexAttrib1f(0, (x += 0.1));
        gl.drawArrays(gl.POINTS, 0, 1);
      });
    },
    press: '#b',
  },
  {
    name: 'canvas game that is drawn all the time',
    mount(root) {
      html(root, '<canvas id="c" width="300" height="160"></canvas>');
      const drawing = find('#c').getContext('2d');
      let jump = 0;
      (function turn(now) {
        drawing.clearRect(0, 0, 300, 160);
        drawing.fillRect((now / 5) % 300, 130 - jump, 12, 12);
        jump = Math.max(0, jump - 2);
        requestAnimationFrame(turn);
      })(0);
      find('#c').addEventListener('pointerdown', () => (jump = 60));
    },
    press: '#c',
    times: 12,
    paceMs: 120,
    twin: null,
  },
  {
    name: 'SVG animation begun',
    mount(root) {
      html(root, `${BUTTON}<svg width="100" height="40"><circle r="8" cy="20" cx="10"><animate id="go" attributeName="cx" to="90" dur="0.3s" begin="indefinite"/></circle></svg>`);
      press('#b', () => find('#go').beginElement());
    },
    press: '#b',
    paceMs: 400,
  },
  {
    name: 'Web Animation elsewhere',
    mount(root) {
      html(root, `${BUTTON}<div id="ball" style="width:20px;height:20px;background:red"></div>`);
      press('#b', () => find('#ball').animate([{ translate: '0' }, { translate: '80px' }], { duration: 300 }));
    },
    press: '#b',
    paceMs: 400,
    twin: 'erroring',
  },
  {
    name: 'rule put into a style sheet',
    mount(root) {
      html(root, `${BUTTON}<p id="p">text</p>`);
      style('#p { color: black }');
      const { sheet } = [...document.querySelectorAll('style')].at(-1);
      let hue = 0;
      press('#b', () => sheet.insertRule(`#p { color: hsl(${(hue += 60)}, 90%, 40%) }`, sheet.cssRules.length));
    },
    press: '#b',
  },
  {
    name: 'style sheet that is adopted',
    mount(root) {
      html(root, `${BUTTON}<p id="p">text</p>`);
      const sheet = new CSSStyleSheet();
      document.adoptedStyleSheets.push(sheet);
      let hue = 0;
      press('#b', () => sheet.replaceSync(`#p { color: hsl(${(hue += 60)}, 90%, 40%) }`));
    },
    press: '#b',
  },
  {
    name: 'rule whose style is written',
    mount(root) {
      html(root, `${BUTTON}<p id="p">text</p>`);
      style('#p { color: black }');
      const rule = [...document.querySelectorAll('style')].at(-1).sheet.cssRules[0];
      let hue = 0;
      press('#b', () => (rule.style.color = `hsl(${(hue += 60)}, 90%, 40%)`));
    },
    press: '#b',
  },
  {
    name: 'words highlighted',
    mount(root) {
      html(root, `${BUTTON}<p id="p">some words to be found</p>`);
      style('::highlight(found) { background: yellow }');
      let at = 0;
      press('#b', () => {
        const range = new Range();
        range.setStart(find('#p').firstChild, at++);
        range.setEnd(find('#p').firstChild, at + 3);
        CSS.highlights.set('found', new Highlight(range));
      });
    },
    press: '#b',
  },
  {
    name: 'choice of files that a button opens',
    mount(root) {
      html(root, '<button id="b">Your picture</button> <input id="file" type="file" hidden>');
      press('#b', () => find('#file').click());
    },
    press: '#b',
    times: 3,
    paceMs: 600,
  },
  {
    name: 'download that a button begins',
    mount(root) {
      html(root, '<button id="b">Download</button>');
      press('#b', () => Object.assign(document.createElement('a'), { href: 'data:text/plain,words', download: 'words.txt' }).click());
    },
    press: '#b',
    times: 3,
    paceMs: 500,
  },
  {
    name: 'scroller moved that also moves by itself',
    mount(root) {
      html(root, `${BUTTON}<div id="view" style="height:60px;width:200px;overflow:auto"><div style="height:9000px">long</div></div>`);
      setInterval(() => find('#view').scrollBy({ top: 10, behavior: 'smooth' }), 700);
      press('#b', () => find('#view').scrollBy({ top: 60, behavior: 'smooth' }));
    },
    press: '#b',
    paceMs: 350,
  },
  {
    name: 'clipboard',
    mount(root) {
      html(root, '<code id="code">npm i</code> <button id="b">Copy</button>');
      press('#b', () => navigator.clipboard.writeText('npm i').catch(() => {}));
    },
    press: '#b',
    times: 3,
    paceMs: 400,
  },
  {
    name: 'clipboard, the old way',
    mount(root) {
      html(root, '<input id="code" value="npm i"> <button id="b">Copy</button>');
      press('#b', () => {
        find('#code').select();
        document.execCommand('copy');
      });
    },
    press: '#b',
    times: 3,
    paceMs: 400,
    twin: 'erroring',
  },
  {
    name: 'sound',
    mount(root) {
      html(root, BUTTON);
      const sound = new AudioContext();
      press('#b', () => {
        const tone = sound.createOscillator();
        tone.connect(sound.destination);
        tone.start();
        tone.stop(sound.currentTime + 0.05);
      });
    },
    press: '#b',
  },
  {
    name: 'speech',
    mount(root) {
      html(root, BUTTON);
      press('#b', () => speechSynthesis.speak(new SpeechSynthesisUtterance('yes')));
    },
    press: '#b',
    times: 3,
    paceMs: 450,
  },
  {
    name: 'request alone',
    mount(root) {
      html(root, BUTTON);
      press('#b', () => fetch('/save', { method: 'POST' }));
    },
    press: '#b',
  },
  {
    name: 'request alone, the old way',
    mount(root) {
      html(root, BUTTON);
      press('#b', () => {
        const request = new XMLHttpRequest();
        request.open('POST', '/save');
        request.send();
      });
    },
    press: '#b',
    twin: 'erroring',
  },
  {
    name: 'place in the page, by a link',
    mount(root) {
      html(root, '<a id="b" href="#there">There</a><div style="height:1200px"></div><p id="there">Here.</p><div style="height:900px"></div>');
      press('#b', () => setTimeout(() => scrollTo(0, 0), 150));
    },
    press: '#b',
    times: 3,
    paceMs: 600,
  },
  {
    name: 'address changed alone',
    mount(root) {
      html(root, BUTTON);
      let page = 0;
      press('#b', () => history.replaceState(null, '', `?step=${++page}`));
    },
    press: '#b',
  },
  {
    name: 'scroller moved',
    mount(root) {
      html(root, `${BUTTON}<div id="view" style="height:60px;width:200px;overflow:auto"><div style="height:4000px">long</div></div>`);
      press('#b', () => find('#view').scrollBy(0, 40));
    },
    press: '#b',
  },
  {
    name: 'focus moved',
    mount(root) {
      html(root, `<button id="b">Edit</button> <input id="i"> <input id="j">`);
      let turn = 0;
      press('#b', () => find(++turn % 2 ? '#i' : '#j').focus());
    },
    press: '#b',
    times: 4,
  },
  {
    name: 'full screen',
    mount(root) {
      html(root, `<div id="box">${BUTTON}</div>`);
      press('#b', () => (document.fullscreenElement ? document.exitFullscreen() : find('#box').requestFullscreen()).catch(() => {}));
    },
    press: '#b',
    places: 'moving',
    times: 4,
    paceMs: 700,
  },
  {
    name: 'question of the browser',
    mount(root) {
      html(root, '<button id="b">Delete</button>');
      press('#b', () => confirm('Really?'));
    },
    press: '#b',
    times: 3,
    paceMs: 500,
    twin: 'erroring',
  },
];
