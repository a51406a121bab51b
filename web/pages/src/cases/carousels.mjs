// Carousels, galleries, lists, maps, video.
import { find, html, press, style } from '../style.mjs';

const SLIDES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** A film without a file: one picture of a canvas that does not change. */
function video(box) {
  const canvas = document.createElement('canvas');
  canvas.width = 160;
  canvas.height = 90;
  canvas.getContext('2d').fillRect(40, 20, 80, 50);
  box.srcObject = canvas.captureStream(10);
}

export const carousels = [
  {
    name: 'Swiper, next',
    async mount(root) {
      const [{ default: Swiper }, { Navigation }, { default: sheet }, { default: arrows }] = await Promise.all([
        import('swiper'),
        import('swiper/modules'),
        import('swiper/css'),
        import('swiper/css/navigation'),
      ]);
      style(sheet + arrows);
      html(
        root,
        `<div class="swiper" style="width:300px;height:140px"><div class="swiper-wrapper">${SLIDES.map(
          (slide) => `<div class="swiper-slide">${slide}</div>`,
        ).join('')}</div><div class="swiper-button-prev"></div><div class="swiper-button-next"></div></div>`,
      );
      new Swiper('.swiper', { modules: [Navigation], navigation: { nextEl: '.swiper-button-next', prevEl: '.swiper-button-prev' } });
    },
    press: '.swiper-button-next',
    paceMs: 600,
  },
  {
    name: 'Embla, next',
    async mount(root) {
      const { default: Embla } = await import('embla-carousel');
      html(
        root,
        `<div id="view" style="overflow:hidden;width:300px"><div style="display:flex">${SLIDES.map(
          (slide) => `<div style="flex:0 0 300px;height:120px">${slide}</div>`,
        ).join('')}</div></div><button id="next">next</button>`,
      );
      const embla = Embla(find('#view'), { loop: true });
      press('#next', () => embla.scrollNext());
    },
    press: '#next',
    paceMs: 250,
  },
  {
    name: 'Splide, next',
    async mount(root) {
      const [{ default: Splide }, { default: sheet }] = await Promise.all([
        import('@splidejs/splide'),
        import('@splidejs/splide/dist/css/splide.min.css'),
      ]);
      style(sheet);
      html(
        root,
        `<section class="splide" style="width:300px"><div class="splide__track"><ul class="splide__list">${SLIDES.map(
          (slide) => `<li class="splide__slide" style="height:120px">${slide}</li>`,
        ).join('')}</ul></div></section>`,
      );
      new Splide('.splide', { type: 'loop' }).mount();
    },
    press: '.splide__arrow--next',
    paceMs: 400,
    twin: 'erroring',
  },
  {
    name: 'carousel that scrolls, snapping',
    mount(root) {
      html(
        root,
        `<div id="view" style="display:flex;overflow:auto;width:300px;scroll-snap-type:x mandatory">${SLIDES.map(
          (slide) => `<div style="flex:0 0 300px;height:120px;scroll-snap-align:start">${slide}</div>`,
        ).join('')}</div><button id="next">next</button>`,
      );
      press('#next', () => find('#view').scrollBy({ left: 300, behavior: 'smooth' }));
    },
    press: '#next',
    paceMs: 500,
  },
  {
    name: 'PhotoSwipe, next picture',
    async mount() {
      const [{ default: PhotoSwipe }, { default: sheet }] = await Promise.all([
        import('photoswipe'),
        import('photoswipe/photoswipe.css'),
      ]);
      style(sheet);
      const picture = (hue) =>
        `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" height="200" fill="hsl(${hue},50%,50%)"/></svg>`)}`;
      const dataSource = [0, 60, 120, 180].map((hue) => ({ src: picture(hue), width: 300, height: 200 }));
      new PhotoSwipe({ dataSource, loop: true, arrowPrev: true, arrowNext: true, showHideAnimationType: 'none' }).init();
      style('.pswp__button--arrow { visibility: visible !important }');
    },
    press: '.pswp__button--arrow--next',
    paceMs: 450,
    within: 'document',
  },
  {
    name: 'Leaflet, zoom in and out',
    async mount(root) {
      const [{ default: L }, { default: sheet }] = await Promise.all([import('leaflet'), import('leaflet/dist/leaflet.css')]);
      style(sheet);
      html(root, '<div id="map" style="width:320px;height:240px"></div>');
      const map = L.map('map', { center: [47, 13], zoom: 5, attributionControl: false });
      // Tiles without a server: each draws where it is.
      const Tiles = L.GridLayer.extend({
        createTile({ x, y, z }) {
          const tile = document.createElement('canvas');
          tile.width = tile.height = 256;
          tile.getContext('2d').fillText(`${z}/${x}/${y}`, 20, 40);
          return tile;
        },
      });
      new Tiles().addTo(map);
    },
    press: '.leaflet-control-zoom-in',
    times: 4,
    paceMs: 400,
  },
  {
    name: 'Leaflet, markers set on the map',
    async mount(root) {
      const [{ default: L }, { default: sheet }] = await Promise.all([import('leaflet'), import('leaflet/dist/leaflet.css')]);
      style(sheet);
      html(root, '<div id="map" style="width:320px;height:240px"></div>');
      const map = L.map('map', { center: [47, 13], zoom: 5, attributionControl: false, doubleClickZoom: false });
      map.on('click', ({ latlng }) => L.circleMarker(latlng).addTo(map));
    },
    press: ['#map 0.4', '#map 0.45', '#map 0.5', '#map 0.55', '#map 0.6'],
    plain: true,
  },
  {
    name: 'Plyr, muted and heard again',
    async mount(root) {
      const [{ default: Plyr }, { default: sheet }] = await Promise.all([import('plyr'), import('plyr/dist/plyr.css')]);
      style(sheet);
      html(root, '<video id="film" width="300" playsinline></video>');
      video(find('#film'));
      new Plyr('#film', { loadSprite: false, iconUrl: '', controls: ['play', 'mute'], storage: { enabled: false } });
    },
    press: '.plyr__controls [data-plyr="mute"]',
    times: 4,
    paceMs: 350,
  },
  {
    name: 'Plyr, played and stopped',
    async mount(root) {
      const [{ default: Plyr }, { default: sheet }] = await Promise.all([import('plyr'), import('plyr/dist/plyr.css')]);
      style(sheet);
      html(root, '<video id="film" width="300" muted playsinline></video>');
      video(find('#film'));
      new Plyr('#film', { loadSprite: false, iconUrl: '', controls: ['play'], storage: { enabled: false }, hideControls: false });
    },
    press: '.plyr__controls [data-plyr="play"]',
    times: 4,
    paceMs: 500,
    twin: 'erroring',
  },
  {
    name: 'video of the browser, its picture pressed',
    mount(root) {
      html(root, '<video id="film" width="300" height="170" muted playsinline></video>');
      video(find('#film'));
      find('#film').addEventListener('click', () => (find('#film').paused ? find('#film').play() : find('#film').pause()));
    },
    press: '#film',
    times: 4,
    paceMs: 450,
    // A film that does not start cannot be told from one that plays.
    twin: null,
  },
  {
    name: 'TanStack Virtual, rows marked',
    async mount(root) {
      const { Virtualizer, elementScroll, observeElementOffset, observeElementRect } = await import('@tanstack/virtual-core');
      html(root, '<div id="view" style="height:200px;width:280px;overflow:auto"><div id="all" style="position:relative"></div></div>');
      const marked = new Set();
      const show = () => {
        find('#all').style.height = `${rows.getTotalSize()}px`;
        find('#all').innerHTML = rows
          .getVirtualItems()
          .map(({ index, start }) => `<div class="row" role="option" data-row="${index}" style="position:absolute;top:0;transform:translateY(${start}px);height:30px;width:100%;cursor:pointer">row ${index}${marked.has(index) ? ' ✓' : ''}</div>`)
          .join('');
      };
      const rows = new Virtualizer({
        count: 10_000,
        estimateSize: () => 30,
        getScrollElement: () => find('#view'),
        scrollToFn: elementScroll,
        observeElementOffset,
        observeElementRect,
        onChange: show,
      });
      rows._didMount();
      rows._willUpdate();
      show();
      find('#all').addEventListener('click', ({ target }) => {
        const row = Number(target.dataset.row);
        if (!marked.delete(row)) marked.add(row);
        show();
      });
    },
    press: ['[data-row="1"]', '[data-row="2"]', '[data-row="3"]'],
    broken: '[data-row="1"]',
    times: 6,
    paceMs: 250,
  },
  {
    name: 'Clusterize, a row marked again and again',
    async mount(root) {
      const { default: Clusterize } = await import('clusterize.js');
      html(root, '<div id="view" style="height:200px;width:280px;overflow:auto"><ul id="rows" tabindex="0"></ul></div>');
      const rows = Array.from({ length: 2_000 }, (_, n) => `<li><button data-row="${n}">row ${n}</button></li>`);
      new Clusterize({ rows, scrollId: 'view', contentId: 'rows' });
      find('#rows').addEventListener('click', ({ target }) => target.closest('button')?.classList.toggle('marked'));
    },
    press: '[data-row="2"]',
    times: 4,
    paceMs: 400,
    twin: 'erroring',
  },
  {
    name: 'Sortable, dragged and moved by its buttons',
    async mount(root) {
      const { default: Sortable } = await import('sortablejs');
      html(root, `<ul id="list">${SLIDES.slice(0, 5).map((one) => `<li id="row-${one}">${one}</li>`).join('')}</ul><button id="down">first one down</button>`);
      new Sortable(find('#list'), { animation: 150, forceFallback: true });
      press('#down', () => find('#list').append(find('#list').firstElementChild));
    },
    press: '#down',
    paceMs: 350,
    // Dragging the rows first is no press, whatever comes of it.
    before: ['#row-a', '#row-c'],
  },
];
