/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_OVERVIEW_NODE_NOTES_H
#define PGWARD_COMMON_OVERVIEW_NODE_NOTES_H

#include "overview.h"
#include "snapshot.h"

/*! What the notes on one node are made of. */
struct overview_matter {
    const struct snapshot *here;
    const struct snapshot *lead;  /*!< the look in which the primary tells of
                                       itself; NULL: there is none */
    size_t node;                  /*!< in `here` and in the overview */
    size_t place;                 /*!< in `lead`; NODES_MAX: not there */
};

/*! Note what is not normal with a node that was judged. */
void
overview_note_node(const struct overview_matter *matter,
                   struct overview *overview);

#endif
