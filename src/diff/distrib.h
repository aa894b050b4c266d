/* SPDX-License-Identifier: GPL-2.0 */
/* The distribution functions behind the tests of docs/diff.md. */
#ifndef AIOSTALL_DIFF_DISTRIB_H
#define AIOSTALL_DIFF_DISTRIB_H

/* Regularized incomplete beta function I_x(a, b); a, b > 0. */
double distrib__beta(double a, double b, double x);
/* The x with I_x(a, b) = p. */
double distrib__beta_inverse(double a, double b, double p);
/* P(Z > z) of the standard normal distribution, and its inverse. */
double distrib__normal_above(double z);
double distrib__normal_point(double p);
/* P(T > t) of Student's t distribution with df degrees of freedom, and its inverse. */
double distrib__t_above(double t, double df);
double distrib__t_point(double p, double df);

#endif
