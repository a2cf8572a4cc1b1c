<?xml version="1.0"?>
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- From the agent's meta-data: the first half of its manual page. -->
<xsl:stylesheet version="1.0"
                xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="text" encoding="UTF-8"/>
<xsl:param name="provider" select="'pgward'"/>

<!-- Text for roff: a backslash and a hyphen are themselves. -->
<xsl:template name="escape">
  <xsl:param name="text"/>
  <xsl:choose>
    <xsl:when test="contains($text, '\')">
      <xsl:call-template name="hyphens">
        <xsl:with-param name="text" select="substring-before($text, '\')"/>
      </xsl:call-template>
      <xsl:text>\e</xsl:text>
      <xsl:call-template name="escape">
        <xsl:with-param name="text" select="substring-after($text, '\')"/>
      </xsl:call-template>
    </xsl:when>
    <xsl:otherwise>
      <xsl:call-template name="hyphens">
        <xsl:with-param name="text" select="$text"/>
      </xsl:call-template>
    </xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template name="hyphens">
  <xsl:param name="text"/>
  <xsl:choose>
    <xsl:when test="contains($text, '-')">
      <xsl:value-of select="substring-before($text, '-')"/>
      <xsl:text>\-</xsl:text>
      <xsl:call-template name="hyphens">
        <xsl:with-param name="text" select="substring-after($text, '-')"/>
      </xsl:call-template>
    </xsl:when>
    <xsl:otherwise><xsl:value-of select="$text"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- A line must not be taken for a request; an empty one is a paragraph. -->
<xsl:template name="line">
  <xsl:param name="text"/>
  <xsl:param name="paragraph" select="'.sp'"/>
  <xsl:choose>
    <xsl:when test="$text = ''"><xsl:value-of select="$paragraph"/></xsl:when>
    <xsl:otherwise>
      <xsl:if test="starts-with($text, '.') or
                    starts-with($text, &quot;'&quot;)">\&amp;</xsl:if>
      <xsl:call-template name="escape">
        <xsl:with-param name="text" select="$text"/>
      </xsl:call-template>
    </xsl:otherwise>
  </xsl:choose>
  <xsl:text>&#10;</xsl:text>
</xsl:template>

<xsl:template name="lines">
  <xsl:param name="text"/>
  <xsl:choose>
    <xsl:when test="contains($text, '&#10;')">
      <xsl:call-template name="line">
        <xsl:with-param name="text"
                        select="substring-before($text, '&#10;')"/>
      </xsl:call-template>
      <xsl:call-template name="lines">
        <xsl:with-param name="text" select="substring-after($text, '&#10;')"/>
      </xsl:call-template>
    </xsl:when>
    <xsl:when test="$text != ''">
      <xsl:call-template name="line">
        <xsl:with-param name="text" select="$text"/>
      </xsl:call-template>
    </xsl:when>
  </xsl:choose>
</xsl:template>

<!-- longdesc begins and ends with a line end. -->
<xsl:template match="longdesc">
  <xsl:call-template name="lines">
    <xsl:with-param name="text"
                    select="substring(., 2, string-length(.) - 2)"/>
  </xsl:call-template>
</xsl:template>

<xsl:template match="/resource-agent">
  <xsl:variable name="name" select="@name"/>
  <xsl:text>.TH OCF_PGWARD_PGSQL 7 "" "pgward </xsl:text>
  <xsl:value-of select="@version"/>
  <!-- groff 1.23 adjusts each paragraph by the string -->
  <xsl:text>" "OCF resource agents"&#10;.nh&#10;.ad l&#10;.ds AD l&#10;</xsl:text>
  <xsl:text>.SH NAME&#10;ocf_</xsl:text>
  <xsl:value-of select="concat($provider, '_', $name, ' \- ')"/>
  <xsl:value-of select="shortdesc"/>
  <xsl:text>&#10;.SH SYNOPSIS&#10;.B </xsl:text>
  <xsl:value-of select="$name"/>
  <xsl:text>&#10;</xsl:text>
  <xsl:text>[</xsl:text>
  <xsl:for-each select="actions/action[not(@role)]">
    <xsl:if test="position() &gt; 1"> | </xsl:if>
    <xsl:call-template name="escape">
      <xsl:with-param name="text" select="@name"/>
    </xsl:call-template>
  </xsl:for-each>
  <xsl:text>]&#10;.SH DESCRIPTION&#10;</xsl:text>
  <xsl:apply-templates select="longdesc"/>
  <xsl:text>.SH PARAMETERS&#10;</xsl:text>
  <xsl:apply-templates select="parameters/parameter"/>
  <xsl:text>.SH ACTIONS&#10;Advised at least:&#10;</xsl:text>
  <xsl:apply-templates select="actions/action"/>
</xsl:template>

<xsl:template match="parameter">
  <xsl:text>.TP&#10;\fB</xsl:text>
  <xsl:value-of select="@name"/>
  <xsl:text>\fR (</xsl:text>
  <xsl:value-of select="content/@type"/>
  <xsl:choose>
    <xsl:when test="content/@default">
      <xsl:text>, default: </xsl:text>
      <xsl:call-template name="escape">
        <xsl:with-param name="text" select="content/@default"/>
      </xsl:call-template>
    </xsl:when>
    <xsl:otherwise>, no default</xsl:otherwise>
  </xsl:choose>
  <xsl:if test="@reloadable = '0'">; a change restarts the server</xsl:if>
  <xsl:text>)&#10;</xsl:text>
  <xsl:apply-templates select="longdesc"/>
</xsl:template>

<xsl:template match="action">
  <xsl:text>.TP&#10;\fB</xsl:text>
  <xsl:call-template name="escape">
    <xsl:with-param name="text" select="@name"/>
  </xsl:call-template>
  <xsl:text>\fR</xsl:text>
  <xsl:if test="@role">, <xsl:value-of select="@role"/> role</xsl:if>
  <xsl:text>&#10;timeout </xsl:text>
  <xsl:value-of select="@timeout"/>
  <xsl:if test="@interval">, interval <xsl:value-of select="@interval"/>
  </xsl:if>
  <xsl:text>&#10;</xsl:text>
</xsl:template>
</xsl:stylesheet>
