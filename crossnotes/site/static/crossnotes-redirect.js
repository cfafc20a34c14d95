// The anchor and the tab of an old link come along to where its page is now.
"use strict";
location.replace(document.currentScript.dataset.target + location.search + location.hash);
