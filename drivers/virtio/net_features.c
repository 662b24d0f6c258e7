/*
 * Which features virtio-net agrees on, and their names. Each is optional and can be switched off.
 * Sections are of virtio 1.2.
 */
#include "drivers/virtio/net.h"
#include "lib/mem.h"

/* Modern devices must offer VERSION_1; ACCESS_PLATFORM says that addresses are bus addresses. */
#define FEATURES_FIXED                                                                             \
	(VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM) |                   \
	 VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT))

#define FEATURES_HOST_TSO (VIRTIO_BIT(VIRTIO_NET_F_HOST_TSO4) | VIRTIO_BIT(VIRTIO_NET_F_HOST_TSO6))

#define FEATURES_GUEST_TSO                                                                         \
	(VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO4) | VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO6))

#define FEATURES_OPTIONAL                                                                          \
	(VIRTIO_BIT(VIRTIO_RING_F_EVENT_IDX) | VIRTIO_BIT(VIRTIO_NET_F_MAC) |                      \
	 VIRTIO_BIT(VIRTIO_NET_F_STATUS) | VIRTIO_BIT(VIRTIO_NET_F_MTU) |                          \
	 VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF) | VIRTIO_BIT(VIRTIO_NET_F_CSUM) |                      \
	 VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM) | FEATURES_HOST_TSO | FEATURES_GUEST_TSO)

/* RFC 791: every network must carry this much. */
#define MTU_MIN 68u

/* The largest packet that one receive frame holds together with both headers. */
#define MTU_ONE_FRAME (HOLM_FRAME_BYTES - VIRTIO_NET_RX_ETH - ETH_HLEN)

/*
 * 5.1.4.1: who negotiates MTU must be able to receive it in one packet, which takes merged buffers
 * once it is larger than a frame.
 */
static bool is_mtu_usable(struct virtio_transport *t, uint64_t features)
{
	uint16_t mtu = t->ops->config16(t, offsetof(struct virtio_net_config, mtu));

	return mtu >= MTU_MIN &&
	       (mtu <= MTU_ONE_FRAME || (features & VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF)) != 0);
}

int virtio_net_choose(struct virtio_transport *t, uint64_t offered, uint16_t rx_num,
		      uint16_t tx_num, uint64_t *features)
{
	uint64_t f = offered & (FEATURES_FIXED | (FEATURES_OPTIONAL & ~t->res.features_off));

	if (!t->legacy && !(f & VIRTIO_BIT(VIRTIO_F_VERSION_1))) {
		virtio_log(t, HOLM_LOG_ERROR, "virtio-net: device does not offer VERSION_1");
		return -HOLM_EPROTO;
	}
	if (t->legacy && !(f & VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT))) {
		virtio_log(t, HOLM_LOG_ERROR, "virtio-net: legacy device without ANY_LAYOUT");
		return -HOLM_EPROTO;
	}
	/* The bit means something only to legacy devices. */
	if (!t->legacy)
		f &= ~VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT);
	/* 5.1.3.1: segmentation needs checksums. */
	if (!(f & VIRTIO_BIT(VIRTIO_NET_F_CSUM)) || tx_num < VIRTIO_NET_TSO_RING_MIN)
		f &= ~FEATURES_HOST_TSO;
	/* 5.1.6.3.1: without merged buffers every single one would have to hold 64 KiB. */
	if (!(f & VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM)) ||
	    !(f & VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF)) || rx_num < VIRTIO_NET_RX_TSO_RING_MIN)
		f &= ~FEATURES_GUEST_TSO;
	if ((f & VIRTIO_BIT(VIRTIO_NET_F_MTU)) && !is_mtu_usable(t, f)) {
		virtio_log(t, HOLM_LOG_WARN, "virtio-net: MTU of the device is not usable");
		f &= ~VIRTIO_BIT(VIRTIO_NET_F_MTU);
	}
	*features = f;
	return 0;
}

struct feature_name {
	const char *name;
	uint64_t mask;
};

static const struct feature_name bit_names[] = {
	{ "csum", VIRTIO_BIT(VIRTIO_NET_F_CSUM) },
	{ "guest_csum", VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM) },
	{ "mtu", VIRTIO_BIT(VIRTIO_NET_F_MTU) },
	{ "mac", VIRTIO_BIT(VIRTIO_NET_F_MAC) },
	{ "guest_tso4", VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO4) },
	{ "guest_tso6", VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO6) },
	{ "tso4", VIRTIO_BIT(VIRTIO_NET_F_HOST_TSO4) },
	{ "tso6", VIRTIO_BIT(VIRTIO_NET_F_HOST_TSO6) },
	{ "mrg", VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF) },
	{ "status", VIRTIO_BIT(VIRTIO_NET_F_STATUS) },
	{ "any_layout", VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT) },
	{ "event_idx", VIRTIO_BIT(VIRTIO_RING_F_EVENT_IDX) },
	{ "version_1", VIRTIO_BIT(VIRTIO_F_VERSION_1) },
	{ "access_platform", VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM) },
};

static const struct feature_name off_names[] = {
	{ "csum", VIRTIO_BIT(VIRTIO_NET_F_CSUM) },
	{ "guest_csum", VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM) },
	{ "tso", FEATURES_HOST_TSO },
	{ "guest_tso", FEATURES_GUEST_TSO },
	{ "mrg", VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF) },
	{ "event_idx", VIRTIO_BIT(VIRTIO_RING_F_EVENT_IDX) },
	{ "mtu", VIRTIO_BIT(VIRTIO_NET_F_MTU) },
	{ "status", VIRTIO_BIT(VIRTIO_NET_F_STATUS) },
	{ "mac", VIRTIO_BIT(VIRTIO_NET_F_MAC) },
};

static size_t text_len(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

size_t holm_virtio_net_features_text(uint64_t features, char *text, size_t text_bytes)
{
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_LEN(bit_names); i++) {
		size_t len = text_len(bit_names[i].name);

		if (!(features & bit_names[i].mask) || at + len + 2 > text_bytes)
			continue;
		if (at > 0)
			text[at++] = ' ';
		memcpy(text + at, bit_names[i].name, len);
		at += len;
	}
	if (text_bytes > 0)
		text[at] = '\0';
	return at;
}

/* The mask of one word, 0 if there is no such name. */
static uint64_t off_mask(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(off_names); i++)
		if (len == text_len(off_names[i].name) && memcmp(word, off_names[i].name, len) == 0)
			return off_names[i].mask;
	return 0;
}

int holm_virtio_net_parse_off(const char *list, size_t len, uint64_t *mask)
{
	uint64_t sum = 0;
	size_t at = 0;

	while (at < len) {
		size_t end = at;
		uint64_t word;

		while (end < len && list[end] != ',')
			end++;
		word = off_mask(list + at, end - at);
		if (word == 0)
			return -HOLM_EINVAL;
		sum |= word;
		at = end + 1;
	}
	*mask = sum;
	return 0;
}
