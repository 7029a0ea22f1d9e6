/** How tenants share what a node has little of. */
package io.keyhook.fair;
