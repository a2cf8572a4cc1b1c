/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COMMAND_COMMAND_H
#define PGWARD_AGENT_COMMAND_COMMAND_H

/*! How `pgward` ends. */
enum command_exit {
    COMMAND_OK = 0,
    COMMAND_NO = 1,             /*!< the answer to what was asked is no */
    COMMAND_USAGE = 2,          /*!< not understood */
    COMMAND_FAILED = 3,         /*!< could not be done */
};

/*!
 * A verb.
 *
 * \param[in] argc, argv  from the verb on; argv[0] is the verb
 * \return the program's exit code.
 */
typedef int (*verb_fn)(int argc, char **argv);

/*! `pgward check`: may clients be sent to a server? */
int verb_check(int argc, char **argv);

/*! `pgward explain`: who may lead and why, now or by a trace. */
int verb_explain(int argc, char **argv);

/*! `pgward failover`: go on with a node's data, and lose what it has not. */
int verb_failover(int argc, char **argv);

/*! `pgward history`: what happened, as this node saw it. */
int verb_history(int argc, char **argv);

/*! `pgward report`: what a bug report needs. */
int verb_report(int argc, char **argv);

/*! `pgward salvage`: what a node had and the cluster has not. */
int verb_salvage(int argc, char **argv);

/*! `pgward serve`: where clients may go, over HTTP. */
int verb_serve(int argc, char **argv);

/*! `pgward setup`: the pcs commands of the recommended cluster. */
int verb_setup(int argc, char **argv);

/*! `pgward status`: the cluster on one screen. */
int verb_status(int argc, char **argv);

/*! `pgward switchover`: a planned move of the lead. */
int verb_switchover(int argc, char **argv);

/*! `pgward validate`: what differs from the safe profile. */
int verb_validate(int argc, char **argv);

#endif
